-- Forms of which each takes a token out of an earlier answer. BENCH_FORM has TOKEN in it; the answers have the next one in the
-- JSON field BENCH_FIELD. Tokens come from the lines of BENCH_TOKENS after the first BENCH_SKIP, as many as BENCH_TAKE; where there
-- is none left, BENCH_FIRST is posted to BENCH_FIRST_PATH, whose answer has one.

dofile((debug.getinfo(1, 'S').source:sub(2):match('^(.*/)') or '') .. 'report.lua')

local form = os.getenv('BENCH_FORM')
local field = '"' .. os.getenv('BENCH_FIELD') .. '"%s*:%s*"([^"]+)"'
local file = os.getenv('BENCH_TOKENS')
local first = os.getenv('BENCH_FIRST')
local first_path = os.getenv('BENCH_FIRST_PATH')
local number = os.time() * 1000000
local tokens = {}
local from, to = 1, 0

local function keep(token)
  to = to + 1
  tokens[to] = token
end

function init()
  wrk.method = 'POST'
  wrk.headers['Content-Type'] = 'application/x-www-form-urlencoded'
  if not file then return end
  local skip, take = tonumber(os.getenv('BENCH_SKIP')), tonumber(os.getenv('BENCH_TAKE'))
  local at = 0
  for line in io.lines(file) do
    at = at + 1
    if at > skip and at <= skip + take then keep(line) end
  end
end

function request()
  number = number + 1
  if from > to then return wrk.format(nil, first_path, nil, (first:gsub('@', string.format('%d', number), 1))) end
  local token = tokens[from]
  tokens[from] = nil
  from = from + 1
  return wrk.format(nil, nil, nil, (form:gsub('TOKEN', token, 1)))
end

function response(_, _, body)
  local token = body:match(field)
  if token then keep(token) end
end
