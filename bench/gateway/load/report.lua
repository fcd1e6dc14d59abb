-- What a run of wrk did, as a line of JSON. With BENCH_BODY in the environment every request has a body of so many bytes.

local bytes = tonumber(os.getenv('BENCH_BODY') or '')
if bytes then
  wrk.method = 'POST'
  wrk.body = string.rep('x', bytes)
end

function done(summary)
  local e = summary.errors
  print(string.format('{"requests":%d,"bytes":%d,"microseconds":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}',
    summary.requests, summary.bytes, summary.duration, e.connect, e.read, e.write, e.status, e.timeout))
end
