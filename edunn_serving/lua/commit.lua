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
-- ARGV[1]  JSON: `insists`, whether this batch has met with so many conflicts that it is to have its
--          turn; `large`, the number of large results; `reply`, the length of the reply; and in
--          `sessions` for each: `revision`, which it had when it was loaded ('' where it did not
--          exist, nil where nothing but its expiry changes); `ttl_ms`, its time to live; `deleted`,
--          whether what it had is deleted first; `has_contexts`, whether it may have any;
--          `context_bytes`, how many bytes of the budget the new contexts take; `contexts`, their
--          number; `layers` that change, each with its name and the batch that had changed it last
--          when it was loaded; `values`, the number of fields to set. What is false or 0 may be
--          left out.
-- then     the large results; the names and values of the reply, a stream's entry
-- then     for each session: the fields of its new contexts; the fields to set and their values
-- CONSTANTS has the `limits` of eviction.lua, and `reply_ms`, how long the reply stream outlives this.
-- Returns 'done', 'more' where it is done and contexts are left to evict, 'answered' where another run
--          was first, 'conflict' where a session has changed since it was loaded, or 'wait' where it
--          is another batch's turn to change one.
redis.replicate_commands()
local header = cjson.decode(ARGV[1])
-- Lua takes only so many arguments in one call.
local CHUNK = 1000

if redis.call('EXISTS', KEYS[1]) == 0 then
  return 'answered'
end

local first_session_key = 4 + header.large
local function keys_of(number)
  local at = first_session_key + 3 * (number - 1)
  return KEYS[at], KEYS[at + 1], KEYS[at + 2]
end

-- A batch that computes for long would never get through beside others that change the same session
-- quickly. So that it does, they wait until it is answered, or lost. A batch that insists waits for
-- nobody: no two batches ever wait for each other.
local function conflict(key, exists)
  if header.insists and exists then
    -- A full Redis refuses it; then it stays a matter of luck.
    redis.pcall('HSET', key, FIELDS.turn, KEYS[1])
  end
  return 'conflict'
end

-- First only read: a conflict must leave everything as it was.
local values_set = 0
for number, session in ipairs(header.sessions) do
  local key = keys_of(number)
  values_set = values_set + session.values
  local exists = false
  if session.revision then
    local found = redis.call('HMGET', key, FIELDS.revision, FIELDS.turn)
    exists = found[1]
    local waits = found[2] and not header.insists and not session.deleted
    if waits and redis.call('EXISTS', found[2]) == 1 then
      return 'wait'
    end
    if (exists or '') ~= session.revision then
      return conflict(key, exists)
    end
  end
  for _, layer in ipairs(session.layers) do
    if (redis.call('HGET', key, FIELDS.last_batch .. layer[1]) or '') ~= layer[2] then
      return conflict(key, exists)
    end
  end
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

redis.call('UNLINK', KEYS[1], KEYS[2])
local more = false
local first_result = 2
local first_of_reply = first_result + header.large
local at = first_of_reply + header.reply
for number, session in ipairs(header.sessions) do
  local key, order, evicted = keys_of(number)
  local first_context = at
  local contexts = session.contexts or 0
  local first_value = first_context + contexts
  if session.deleted then
    redis.call('UNLINK', key, order, evicted)
  end
  if header.insists then
    redis.call('HDEL', key, FIELDS.turn)
  end
  with_each('HSET', key, first_value, 2 * session.values)
  if contexts > 0 then
    with_each('RPUSH', order, first_context, contexts)
    local bytes = redis.call('HINCRBY', key, FIELDS.context_bytes, session.context_bytes)
    -- Its length is looked at only where it may be too long: each context has its overhead.
    if bytes > math.min(LIMITS.bytes, LIMITS.number * LIMITS.overhead) then
      more = evict(key, order, evicted) or more
    end
  end
  redis.call('PEXPIRE', key, session.ttl_ms)
  if session.has_contexts then
    redis.call('PEXPIRE', order, session.ttl_ms)
    redis.call('PEXPIRE', evicted, session.ttl_ms)
  end
  at = first_value + 2 * session.values
end

-- Not into the append-only file, where writing them would take longer than all the rest. Should Redis
-- restart before the server has read them, their callers hear of it.
redis.set_repl(redis.REPL_NONE)
for number = 1, header.large do
  redis.call('SET', KEYS[3 + number], ARGV[first_result + number - 1], 'PX', CONSTANTS.reply_ms)
end
redis.set_repl(redis.REPL_ALL)
redis.call('XADD', KEYS[3], '*', unpack(ARGV, first_of_reply, first_of_reply + header.reply - 1))
redis.call('PEXPIRE', KEYS[3], CONSTANTS.reply_ms)
return more and 'more' or 'done'
