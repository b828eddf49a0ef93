-- Answer a batch: apply what it changed and hand over its reply, all or nothing, once.
--
-- The batch's own key is the token: whoever removes it answers the batch. A second run of the same
-- batch finds it gone and changes nothing.
--
-- KEYS[1]  the batch
-- KEYS[2]  the reply stream of the server that sent it
-- KEYS[3+] for each session: its hash, its context order, its evicted contexts
-- ARGV[1]  the batch's id
-- ARGV[2]  the reply
-- ARGV[3]  how long the reply stream outlives this, in ms
-- ARGV[4]  how many bytes of contexts a session may keep
-- ARGV[5]  how many evicted contexts a session remembers
-- ARGV[6+] for each session: the commits that it had when it was loaded ('' where it did not exist,
--          '*' where the batch changes nothing); its time to live in ms; the number of changes, and
--          for each its kind and what the kind asks for.
-- Returns 'done', 'answered' where another run was first, or 'conflict' where a session has changed
--          since it was loaded.
local batch, replies = KEYS[1], KEYS[2]
local context_budget, evicted_limit = tonumber(ARGV[4]), tonumber(ARGV[5])
local sessions = (#KEYS - 2) / 3

if redis.call('EXISTS', batch) == 0 then
  return 'answered'
end

-- First only read: a conflict must leave everything as it was.
local starts = {}
local arity = { record = 2, parameters = 3, buffers = 3, count = 2, context = 3, delete = 0 }
local position = 5
for number = 1, sessions do
  local expected, changes = ARGV[position + 1], tonumber(ARGV[position + 3])
  if expected ~= '*' then
    local commits = redis.call('HGET', KEYS[3 * number], COMMITS) or ''
    if commits ~= expected then
      return 'conflict'
    end
  end
  starts[number] = position
  position = position + 3
  for _ = 1, changes do
    position = position + 1 + arity[ARGV[position + 1]]
  end
end

local function evict(session, order, evicted, bytes)
  while bytes > context_budget do
    local field = redis.call('LPOP', order)
    if not field then
      break
    end
    bytes = bytes - redis.call('HSTRLEN', session, field)
    -- An empty context tells a late backward what became of it.
    redis.call('HSET', session, field, '')
    if redis.call('RPUSH', evicted, field) > evicted_limit then
      redis.call('HDEL', session, redis.call('LPOP', evicted))
    end
  end
  return bytes
end

local function apply(kind, a, b, c, session, order, evicted)
  if kind == 'context' then
    local field = context(a, b)
    local before = redis.call('HSTRLEN', session, field)
    redis.call('HSET', session, field, c, latest(a), b)
    if before == 0 then
      redis.call('RPUSH', order, field)
    end
    local bytes = redis.call('HINCRBY', session, CONTEXT_BYTES, #c - before)
    if bytes > context_budget then
      redis.call('HSET', session, CONTEXT_BYTES, evict(session, order, evicted, bytes))
    end
  elseif kind == 'count' then
    redis.call('HSET', session, count(a), b)
  elseif kind == 'parameters' then
    redis.call('HSET', session, parameters(a), b, parameters_version(a), c)
  elseif kind == 'buffers' then
    redis.call('HSET', session, buffers(a), b, buffers_version(a), c)
  elseif kind == 'record' then
    redis.call('HSET', session, RECORD, a, REVISION, b)
  elseif kind == 'delete' then
    redis.call('UNLINK', session, order, evicted)
  end
end

redis.call('UNLINK', batch)
for number = 1, sessions do
  local session, order, evicted = KEYS[3 * number], KEYS[3 * number + 1], KEYS[3 * number + 2]
  position = starts[number]
  local expected, ttl = ARGV[position + 1], ARGV[position + 2]
  local changes = tonumber(ARGV[position + 3])
  position = position + 3
  local alive = true
  for _ = 1, changes do
    local kind = ARGV[position + 1]
    apply(kind, ARGV[position + 2], ARGV[position + 3], ARGV[position + 4], session, order, evicted)
    alive = kind ~= 'delete'
    position = position + 1 + arity[kind]
  end
  if alive then
    if expected ~= '*' then
      redis.call('HSET', session, COMMITS, (tonumber(expected) or 0) + 1)
    end
    redis.call('PEXPIRE', session, ttl)
    redis.call('PEXPIRE', order, ttl)
    redis.call('PEXPIRE', evicted, ttl)
  end
end
redis.call('XADD', replies, '*', 'batch', ARGV[1], 'reply', ARGV[2])
redis.call('PEXPIRE', replies, ARGV[3])
return 'done'
