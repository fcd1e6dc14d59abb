-- Requests that differ: FILE MODE APIS. The file has a token a line; MODE is cycle (begin again at the end) or once (stop
-- there); APIS = how many APIs are called in turn.

dofile((debug.getinfo(1, 'S').source:sub(2):match('^(.*/)') or '') .. 'report.lua')

local tokens, heads, mode, at, api = {}, {}, nil, 0, 0

function init(args)
  mode = args[2]
  for token in io.lines(args[1]) do tokens[#tokens + 1] = token .. '\r\n\r\n' end
  local fields = {}
  for name, value in pairs(wrk.headers) do fields[#fields + 1] = name .. ': ' .. value .. '\r\n' end
  local rest = '/1.0.0/menu?size=large HTTP/1.1\r\n' .. table.concat(fields) .. 'Authorization: Bearer '
  for i = 0, tonumber(args[3]) - 1 do heads[i + 1] = 'GET /api' .. i .. rest end
end

function request()
  at = at + 1
  if at > #tokens then
    at = 1
    if mode == 'once' then mode = 'over' end
  end
  if mode == 'over' then wrk.thread:stop() end
  api = api % #heads + 1
  return heads[api] .. tokens[at]
end
