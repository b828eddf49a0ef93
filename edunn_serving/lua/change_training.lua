-- Change a training, if it is still as it was read: all of the change or nothing.
--
-- KEYS[1]  the training's hash
-- KEYS[2]  the stream of its events
-- KEYS[3]  the caller's sorted set of trainings
-- KEYS[4]  the sorted set of callers with trainings that wait
-- KEYS[5]  the caller's list of trainings that wait
-- KEYS[6]  the sorted set of turns
-- KEYS[7]  the hash of held trainings
-- KEYS[8]  the sorted set of ended trainings
-- KEYS[9]  the queue of the pool
-- KEYS[10] the caller's set of trainings that have not ended
-- KEYS[11] the hash of the caller's bytes by path
-- KEYS[12] the list by which its holder hears that it is cancelled
-- KEYS[13] the hash of the session that gets the result, if any
-- ARGV[1]  JSON: `caller`; `expected`, the fields that must have these values ('' for none);
--          `values`, the number of fields to set; `events`, the number of events; `ready`, whether
--          it waits for a worker from now on; `waits`, whether it waited until now; `released`,
--          whether its holder has done with it; `used`, the ms of computing that are charged;
--          `id` and `created`, its name and time, if it is new; `forgotten`, when it is forgotten,
--          if it has ended; `artifact`, the path and bytes of its folder and the reservation that
--          they had; `resumed`, whether it is under way again; `cancelled`, whether its holder
--          is told to stop; and `session`, if there is a KEYS[13]: its `incarnation`, the `version` field of the layer's parameters with its
--          `number`, the number of `values`, and the fields `increments` that count one more.
-- ARGV[2]  a message that lets a worker take a training
-- then     the training's fields and their values, the events, the session's fields and values
-- CONSTANTS has `events`, how many events are kept, and `cancelled_ms`, how long a cancellation
--          waits to be heard.
-- Returns 'done'; 'changed' if the training is not as expected; 'session gone'; or 'parameters
-- changed'.
redis.replicate_commands()
local header = cjson.decode(ARGV[1])

for field, value in pairs(header.expected) do
  if (redis.call('HGET', KEYS[1], field) or '') ~= value then
    return 'changed'
  end
end
local session = header.session
if session then
  local found = redis.call('HMGET', KEYS[13], FIELDS.revision, session.version, FIELDS.journal)
  local start = session.incarnation .. '/'
  if string.sub(found[1] or '', 1, #start) ~= start then
    return 'session gone'
  end
  -- Steps that are not in the stored parameters would be applied to the result.
  local layer = string.match(session.version, '[^/]*$') .. '/'
  if found[2] ~= session.number or string.sub(found[3] or '', 1, #layer) == layer then
    return 'parameters changed'
  end
end

-- The first command may be refused by a full Redis, and nothing is changed then.
local at = 3
local function set(key, values)
  redis.call('HSET', key, unpack(ARGV, at, at + 2 * values - 1))
  at = at + 2 * values
end
set(KEYS[1], header.values)
for _ = 1, header.events do
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', CONSTANTS.events, '*', 'event', ARGV[at])
  at = at + 1
end
if session then
  set(KEYS[13], session.values)
  for _, field in ipairs(session.increments) do
    redis.call('HINCRBY', KEYS[13], field, 1)
  end
end
if header.artifact then
  local path, size, reservation = unpack(header.artifact)
  redis.call('HSET', KEYS[11], path, size)
  redis.call('HDEL', KEYS[11], reservation)
end
if header.created then
  redis.call('ZADD', KEYS[3], header.created, header.id)
  redis.call('SADD', KEYS[10], header.id)
end
if header.released then
  redis.call('HDEL', KEYS[7], KEYS[1])
end
if header.waits then
  redis.call('LREM', KEYS[5], 1, KEYS[1])
  if redis.call('EXISTS', KEYS[5]) == 0 then
    redis.call('ZREM', KEYS[4], header.caller)
  end
end
if header.resumed then
  redis.call('ZREM', KEYS[8], KEYS[1])
  redis.call('SADD', KEYS[10], header.id)
end
if header.cancelled then
  redis.call('RPUSH', KEYS[12], '1')
  redis.call('PEXPIRE', KEYS[12], CONSTANTS.cancelled_ms)
end
if header.forgotten then
  redis.call('ZADD', KEYS[8], header.forgotten, KEYS[1])
  redis.call('SREM', KEYS[10], header.id)
end
if header.used then
  redis.call('ZINCRBY', KEYS[6], header.used, header.caller)
end
if header.ready then
  -- A caller that had nothing to compute for a while has not saved up time.
  local turn = tonumber(redis.call('ZSCORE', KEYS[6], header.caller) or 0)
  local next_turn = tonumber(redis.call('ZRANGE', KEYS[4], 0, 0, 'WITHSCORES')[2] or turn)
  turn = math.max(turn, next_turn)
  redis.call('ZADD', KEYS[6], turn, header.caller)
  redis.call('RPUSH', KEYS[5], KEYS[1])
  redis.call('ZADD', KEYS[4], turn, header.caller)
  redis.call('LPUSH', KEYS[9], ARGV[2])
end
return 'done'
