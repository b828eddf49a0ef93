-- Settle what a caller has spent at one server, and return what all servers together leave it.
--
-- KEYS[1]  the caller's budgets: a hash
-- KEYS[2]  its sessions: a sorted set with the time in ms after which each may have expired
-- KEYS[3]  the bytes of state that its sessions take: a hash, with the sum under ''
-- ARGV     the server's id; then of calls and of processor seconds each what was spent, the rate a
--          second and the burst; then the numbers of its calls and of its streams under way; then
--          what precedes and what follows a session's id in the key of its hash
-- CONSTANTS has `kept_ms`, how long budgets are kept, `server_ms`, after which time a silent server
--          counts no more, and `steps`, the sessions that one call looks at.
-- Returns the levels of both budgets as text, the other servers' calls and streams under way, the
--          number of sessions, and their bytes.
redis.replicate_commands()
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local server = ARGV[1]

-- A full Redis takes no changes. The servers then go by what they know themselves.
local function try(...)
  return redis.pcall(...)
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, CONSTANTS.steps)) do
  local left = redis.call('PTTL', ARGV[10] .. id .. ARGV[11])
  if left < 0 then
    redis.call('ZREM', KEYS[2], id)
    local bytes = redis.call('HGET', KEYS[3], id)
    if bytes then
      redis.call('HDEL', KEYS[3], id)
      try('HINCRBY', KEYS[3], '', -bytes)
    end
  else
    try('ZADD', KEYS[2], now + left, id)
  end
end

local fields = redis.call('HGETALL', KEYS[1])
local budgets = {}
local calls, streams = 0, 0
for at = 1, #fields, 2 do
  local of_server = string.match(fields[at], '^at/(.*)$')
  if not of_server then
    budgets[fields[at]] = tonumber(fields[at + 1])
  elseif of_server ~= server then
    local its_calls, its_streams, its_time = string.match(fields[at + 1], '(%d+) (%d+) (%d+)')
    if now - its_time < CONSTANTS.server_ms then
      calls, streams = calls + its_calls, streams + its_streams
    else
      redis.call('HDEL', KEYS[1], fields[at])
    end
  end
end

local elapsed = math.max(0, now - (budgets.now or now)) / 1000
local function settle(name, first)
  local spent, rate, burst = tonumber(ARGV[first]), tonumber(ARGV[first + 1]), tonumber(ARGV[first + 2])
  local level = math.min(burst, (budgets[name] or burst) + elapsed * rate) - spent
  return string.format('%.6f', level)
end
local of_calls, of_seconds = settle('calls', 2), settle('seconds', 5)
try('HSET', KEYS[1], 'now', now, 'calls', of_calls, 'seconds', of_seconds,
  'at/' .. server, ARGV[8] .. ' ' .. ARGV[9] .. ' ' .. now)
try('PEXPIRE', KEYS[1], CONSTANTS.kept_ms)
return { of_calls, of_seconds, calls, streams, redis.call('ZCARD', KEYS[2]),
  tonumber(redis.call('HGET', KEYS[3], '') or 0) }
