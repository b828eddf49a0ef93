-- Evict contexts of a session, the oldest first: for commit.lua and evict.lua.
--
-- The header of an evicted context stays. It tells a late backward, or the same forward once more,
-- from a forward that never was. A context begins with its header: a tag, its length, and its
-- bytes. One call evicts only a few contexts, so that other commands hardly wait.
--
-- CONSTANTS.limits has the `bytes` and the `number` of contexts that a session may keep; the
-- `overhead` of a context in Redis besides its bytes and twice the name of its field; how many
-- evicted ones are `remembered`; and how many `steps` one call may take.
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
      -- A repeated forward may have stored the context again since. Only a header is removed.
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
