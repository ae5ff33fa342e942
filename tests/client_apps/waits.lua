-- For wrk: requests that a router took a while ago. `-- LEAST MEAN`: each has waited LEAST ms and, exponentially
-- distributed, MEAN ms more. At the end it prints how many it sent, and the p95 of their waits.
local ffi = require("ffi")
ffi.cdef([[
typedef struct { long seconds; long microseconds; } timeval;
int gettimeofday(timeval *now, void *zone);
]])
local clock = ffi.new("timeval")
local between_ms = 20
local least, mean
sent = {}

local function now_ms()
  ffi.C.gettimeofday(clock, nil)
  return tonumber(clock.seconds) * 1000 + tonumber(clock.microseconds) / 1000
end

function init(arguments)
  least, mean = tonumber(arguments[1]), tonumber(arguments[2])
  math.randomseed(7)
end

function delay()
  return between_ms
end

function request()
  local wait = math.floor(least - math.log(1 - math.random()) * mean)
  sent[#sent + 1] = wait
  wrk.headers["X-Request-Start"] = string.format("%.0f", now_ms() - wait)
  return wrk.format("GET", "/")
end

local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

function done(summary, _latency, _requests)
  local waits = threads[1]:get("sent")
  table.sort(waits)
  local errors = summary.errors
  print(string.format("sent=%d p95=%d answered=%d failed=%d", #waits, waits[math.floor(0.95 * (#waits - 1)) + 1],
    summary.requests, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
