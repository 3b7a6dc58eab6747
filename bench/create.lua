-- 点单, each with a key of its own, in the length of a typical message.
local body = '{"content":"' .. string.rep("北门公交站旁边的路灯坏了三天了，晚上黑漆漆的。", 6)
  .. '","place":{"code":"532504001007"},"category":"facilities","severity":"small"}'
local count, thread, threads = 0, 0, 0

function setup(t)
  t:set("id", threads)
  threads = threads + 1
end

function init(args)
  headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. args[1] }
  run = args[2]
end

function request()
  count = count + 1
  headers["Idempotency-Key"] = run .. "-" .. id .. "-" .. count
  return wrk.format("POST", "/api/v1/tickets", headers, body)
end

function response(status)
  if status ~= 201 then wrk.thread:stop() end
end
