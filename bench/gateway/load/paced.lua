-- Requests with pauses: connections think for BENCH_PAUSE milliseconds on average, from half to one and a half of it, so
-- that the server is not full. FILE and MODE of varied.lua are taken from BENCH_TOKENS and
-- BENCH_MODE, if they are set.

local folder = debug.getinfo(1, 'S').source:sub(2):match('^(.*/)') or ''
local pause = tonumber(os.getenv('BENCH_PAUSE'))
local tokens, mode = os.getenv('BENCH_TOKENS'), os.getenv('BENCH_MODE')
if tokens then
  dofile(folder .. 'varied.lua')
  local prepare = init
  function init() prepare({ tokens, mode, 1 }) end
else
  dofile(folder .. 'report.lua')
end

function delay() return math.floor(pause * (0.5 + math.random())) end

local report = done
function done(summary, latency)
  report(summary)
  print(string.format('{"p50":%f,"p99":%f,"p999":%f}',
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency:percentile(99.9) / 1000))
end
