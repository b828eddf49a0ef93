-- Take the training whose turn it is, and note its holder.
--
-- The caller that has used the least computing time comes first. Its trainings come in turn.
--
-- KEYS[1]  the sorted set of callers with trainings that wait
-- KEYS[2]  the hash of held trainings
-- ARGV[1]  the holder
-- CONSTANTS has `ready`, the prefix of the callers' lists.
-- Returns the time in ms, the training's key, and its fields with their values, or nil if none
--         waits.
redis.replicate_commands()
while true do
  local caller = redis.call('ZRANGE', KEYS[1], 0, 0)[1]
  if not caller then
    return false
  end
  local list = CONSTANTS.ready .. caller
  local key = redis.call('LPOP', list)
  if redis.call('EXISTS', list) == 0 then
    redis.call('ZREM', KEYS[1], caller)
  end
  if key and redis.call('EXISTS', key) == 1 then
    redis.call('HSET', KEYS[2], key, ARGV[1])
    redis.call('HSET', key, 'holder', ARGV[1])
    local now = redis.call('TIME')
    return { now[1] * 1000 + math.floor(now[2] / 1000), key, redis.call('HGETALL', key) }
  end
end
