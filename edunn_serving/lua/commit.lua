-- Answer a batch: apply what it changed and hand over its reply, all or nothing, once.
--
-- The batch's own key is the token: whoever removes it answers the batch. A second run of the same
-- batch finds it gone and changes nothing.
--
-- KEYS[1]  the batch
-- KEYS[2]  its holder
-- KEYS[3]  the reply stream of the server that sent it
-- then     for each large result its key
-- then     for each session: its hash, its context order, its evicted contexts
-- ARGV[1]  how long the reply stream outlives this, in ms
-- ARGV[2]  how many bytes of contexts a session may keep
-- ARGV[3]  how many of these a context takes besides its own and twice the name of its field
-- ARGV[4]  how many evicted contexts a session remembers
-- ARGV[5]  how many contexts a session may keep
-- ARGV[6]  how many contexts may be evicted at once, besides one for each new one: Redis does nothing
--          else meanwhile
-- ARGV[7]  the field of a session's revision
-- ARGV[8]  the field of a session's context bytes
-- ARGV[9]  the field of a session's turn
-- ARGV[10] '1' to insist: this batch has met with so many conflicts that it is to have its turn
-- ARGV[11] the number of large results, and these
-- then     the length of the reply, and the reply: names and values of a stream's entry
-- then     for each session: the revision that it had when it was loaded ('' where it did not exist,
--          '*' where nothing but its expiry changes); its time to live in ms; '1' where what it had
--          is deleted first; '1' where it may have contexts; how many bytes of the budget the new
--          contexts take; the number of new contexts, and their fields; twice the number of layers
--          that change, and for each the field of its last batch and which that was when it was
--          loaded; the number of fields and values to set, and these.
-- Returns 'done', 'answered' where another run was first, 'conflict' where a session has changed
--          since it was loaded, or 'wait' where it is another batch's turn to change one.
redis.replicate_commands()
local context_budget, context_overhead = tonumber(ARGV[2]), tonumber(ARGV[3])
local evicted_limit, context_limit = tonumber(ARGV[4]), tonumber(ARGV[5])
local eviction_limit = tonumber(ARGV[6])
local revision, context_bytes, turn = ARGV[7], ARGV[8], ARGV[9]
local insists = ARGV[10] == '1'
-- Lua takes only so many arguments in one call.
local CHUNK = 1000

if redis.call('EXISTS', KEYS[1]) == 0 then
  return 'answered'
end

-- A batch that computes for long would never get through beside others that change the same session
-- quickly. So that it does, they wait until it is answered, or lost. Who insists waits for nobody:
-- no two batches ever wait for each other.
local function conflict(session, exists)
  if insists and exists then
    -- A full Redis refuses it; then it stays a matter of luck.
    redis.pcall('HSET', session, turn, KEYS[1])
  end
  return 'conflict'
end

-- First only read: a conflict must leave everything as it was.
local large = tonumber(ARGV[11])
local reply = 13 + large
local first_session_key = 4 + large
local first_session = reply + tonumber(ARGV[reply - 1])
local at = first_session
local values_set = 0
for number = first_session_key, #KEYS, 3 do
  local expected, deleted = ARGV[at], ARGV[at + 2]
  local exists = false
  if expected ~= '*' then
    local found = redis.call('HMGET', KEYS[number], revision, turn)
    exists = found[1]
    local waits = found[2] and not insists and deleted == '0'
    if waits and redis.call('EXISTS', found[2]) == 1 then
      return 'wait'
    end
    if (exists or '') ~= expected then
      return conflict(KEYS[number], exists)
    end
  end
  at = at + 6 + tonumber(ARGV[at + 5])
  local layers = tonumber(ARGV[at])
  for layer = at + 1, at + layers, 2 do
    if (redis.call('HGET', KEYS[number], ARGV[layer]) or '') ~= ARGV[layer + 1] then
      return conflict(KEYS[number], exists)
    end
  end
  at = at + 1 + layers
  values_set = values_set + tonumber(ARGV[at])
  at = at + 1 + tonumber(ARGV[at])
end

-- Redis undoes nothing of a script that it stops half-way. So what this user may not do is found out
-- first, by commands that change nothing in any case: the batch is a list.
local function forbids(command, ...)
  local answer = redis.pcall(command, KEYS[1], ...)
  return string.find(answer.err, 'The user executing the script', 1, true) and answer
end
local forbidden = values_set > 0 and forbids('HSET', '', '') or forbids('XADD', '*', '', '')
if forbidden then
  return forbidden
end

local function with_each(command, key, first, count)
  for from = first, first + count - 1, CHUNK do
    redis.call(command, key, unpack(ARGV, from, math.min(from + CHUNK, first + count) - 1))
  end
end

-- What is too much after this many goes with the next commits.
local function evict(session, order, evicted, bytes, kept, most)
  local number = 0
  while (bytes > context_budget or kept > context_limit) and number < most do
    number, kept = number + 1, kept - 1
    local field = redis.call('LPOP', order)
    if not field then
      break
    end
    bytes = bytes - redis.call('HSTRLEN', session, field) - 2 * #field - context_overhead
    -- An empty context tells a late backward what became of it.
    redis.call('HSET', session, field, '')
    if redis.call('RPUSH', evicted, field) > evicted_limit then
      local forgotten = redis.call('LPOP', evicted)
      -- The same forward may have been sent once more since.
      if redis.call('HSTRLEN', session, forgotten) == 0 then
        redis.call('HDEL', session, forgotten)
      end
    end
  end
  redis.call('HSET', session, context_bytes, bytes)
end

redis.call('UNLINK', KEYS[1], KEYS[2])
at = first_session
for number = first_session_key, #KEYS, 3 do
  local session, order, evicted = KEYS[number], KEYS[number + 1], KEYS[number + 2]
  local ttl, deleted, has_contexts = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local new_bytes, contexts = tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  local first_context = at + 6
  local layers_at = first_context + contexts
  local values_at = layers_at + 1 + tonumber(ARGV[layers_at])
  local values = tonumber(ARGV[values_at])
  if deleted == '1' then
    redis.call('UNLINK', session, order, evicted)
  end
  if insists then
    redis.call('HDEL', session, turn)
  end
  with_each('HSET', session, values_at + 1, values)
  with_each('RPUSH', order, first_context, contexts)
  if new_bytes > 0 then
    local bytes = redis.call('HINCRBY', session, context_bytes, new_bytes)
    local kept = redis.call('LLEN', order)
    if bytes > context_budget or kept > context_limit then
      evict(session, order, evicted, bytes, kept, eviction_limit + contexts)
    end
  end
  redis.call('PEXPIRE', session, ttl)
  if has_contexts == '1' then
    redis.call('PEXPIRE', order, ttl)
    redis.call('PEXPIRE', evicted, ttl)
  end
  at = values_at + 1 + values
end

-- Not into the append-only file, where writing them would take longer than all the rest. Should Redis
-- restart before the server has read them, their callers hear of it.
redis.set_repl(redis.REPL_NONE)
for number = 1, large do
  redis.call('SET', KEYS[3 + number], ARGV[11 + number], 'PX', ARGV[1])
end
redis.set_repl(redis.REPL_ALL)
redis.call('XADD', KEYS[3], '*', unpack(ARGV, reply, first_session - 1))
redis.call('PEXPIRE', KEYS[3], ARGV[1])
return 'done'
