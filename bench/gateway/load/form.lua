-- Forms that are posted: BENCH_FORM, in which @ is another number in each request, and $ a line of the file BENCH_LINES, each once.

dofile((debug.getinfo(1, 'S').source:sub(2):match('^(.*/)') or '') .. 'report.lua')

local form, file = os.getenv('BENCH_FORM'), os.getenv('BENCH_LINES')
local number, lines, over = os.time() * 1000000, {}, false

function init()
  wrk.method = 'POST'
  wrk.headers['Content-Type'] = 'application/x-www-form-urlencoded'
  if file then
    for line in io.lines(file) do lines[#lines + 1] = line end
    number = 0
  end
end

function request()
  number = number + 1
  local body = form
  if file then
    if number > #lines then
      number = 1
      over = true
    end
    if over then wrk.thread:stop() end
    body = form:gsub('%$', lines[number], 1)
  else
    body = form:gsub('@', tostring(number), 1)
  end
  return wrk.format(nil, nil, nil, body)
end
