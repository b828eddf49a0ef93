-- Evict contexts of a session, the oldest first: for commit.lua and evict.lua.
--
-- Of an evicted context its header stays, by which a late backward, or the same forward once more, is
-- told from one that never was. A context begins with its header: a tag, its length, and its bytes.
-- One call evicts so few that others hardly wait for it.
--
-- CONSTANTS.limits has the `bytes` and the `number` of contexts that a session may keep, the `overhead` of one
-- in Redis besides its bytes and twice the name of its field, how many evicted ones are `remembered`,
-- and how many `steps` one call may take.
-- Returns whether there are more to evict.
local LIMITS = CONSTANTS.limits
local function evict(session, order, evicted)
  local bytes = tonumber(redis.call('HGET', session, FIELDS.context_bytes) or 0)
  local number = redis.call('LLEN', order)
  local steps = 0
  local function is_beyond()
    return number > 0 and (bytes > LIMITS.bytes or number > LIMITS.number)
  end
  local function header_of(context)
    return string.sub(context, 1, 2 + (string.byte(context, 2) or 0))
  end
  while is_beyond() and steps < LIMITS.steps do
    local field = redis.call('LPOP', order)
    local context = redis.call('HGET', session, field) or ''
    bytes = bytes - #context - 2 * #field - LIMITS.overhead
    number = number - 1
    steps = steps + 1
    redis.call('HSET', session, field, header_of(context))
    if redis.call('RPUSH', evicted, field) > LIMITS.remembered then
      local oldest = redis.call('LPOP', evicted)
      local header = redis.call('HGET', session, oldest)
      -- The same forward may have been sent once more since.
      if header and header == header_of(header) then
        redis.call('HDEL', session, oldest)
        redis.call('HSET', session, FIELDS.forgotten, '1')
      end
    end
  end
  if steps > 0 then
    redis.call('HSET', session, FIELDS.context_bytes, bytes)
  end
  return is_beyond()
end
