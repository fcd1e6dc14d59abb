-- A form that is posted: BENCH_FORM, in which @ is another number in each request.

dofile((debug.getinfo(1, 'S').source:sub(2):match('^(.*/)') or '') .. 'report.lua')

local form = os.getenv('BENCH_FORM')
local number = os.time() * 1000000

function init()
  wrk.method = 'POST'
  wrk.headers['Content-Type'] = 'application/x-www-form-urlencoded'
end

function request()
  number = number + 1
  return wrk.format(nil, nil, nil, (form:gsub('@', string.format('%d', number), 1)))
end
