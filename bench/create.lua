-- 点单: bodies of real lengths and places, by several residents, each with a key of its own.
-- Arguments: a file of bodies, a word of this run, tokens.
local count, threads = 0, 0

function setup(t)
  t:set("id", threads)
  threads = threads + 1
end

function init(args)
  bodies, tokens, run = {}, {}, args[2]
  for line in io.lines(args[1]) do bodies[#bodies + 1] = line end
  for i = 3, #args do tokens[#tokens + 1] = "Bearer " .. args[i] end
  headers = { ["Content-Type"] = "application/json" }
  count = id * 1000003 % #bodies
end

function request()
  count = count + 1
  headers["Idempotency-Key"] = run .. "-" .. id .. "-" .. count
  headers["Authorization"] = tokens[count % #tokens + 1]
  return wrk.format("POST", "/api/v1/tickets", headers, bodies[count % #bodies + 1])
end
