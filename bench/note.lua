-- 跟进: a note on one ticket after the other, each with a key of its own. Arguments: a file of ids, a word of this run, a token.
local count, threads = 0, 0

function setup(t)
  t:set("id", threads)
  threads = threads + 1
end

function init(args)
  ids, run = {}, args[2]
  for line in io.lines(args[1]) do ids[#ids + 1] = line end
  headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. args[3] }
  body = '{"reason":"已联系维修单位，下午两点到现场，先拉警戒线，再换灯头。"}'
  count = id * math.floor(#ids / 2)
end

function request()
  count = count + 1
  headers["Idempotency-Key"] = run .. "-" .. id .. "-" .. count
  return wrk.format("POST", "/api/v1/tickets/" .. ids[count % #ids + 1] .. "/note", headers, body)
end
