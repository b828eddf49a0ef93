-- Let any worker take a batch that waits for one worker.
--
-- KEYS[1]  the worker's queue
-- KEYS[2]  the queue of the pool
-- ARGV[1]  the batch's message
-- Returns 1 if the batch was still waiting, else 0.
redis.replicate_commands()
redis.set_repl(redis.REPL_NONE)
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then
  return 0
end
-- Workers read this end of the queue. The batch has waited for longer than the others.
redis.call('RPUSH', KEYS[2], ARGV[1])
return 1
