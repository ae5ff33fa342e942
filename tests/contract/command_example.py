import json, sys

count = 1
for line in sys.stdin:  # ends at end of file: autoscalebot has gone
    request = json.loads(line)
    answer = {"id": request["id"]}  # all that any other "do" needs
    match request["do"]:
        case "measure": answer["data"] = 42
        case "decide": answer |= {"desired": request["situation"]["count"] + 1, "reason": "one more"}
        case "count": answer["count"] = count
        case "scale": answer["count"] = count = request["to"]
        case "notify": print(request["notice"]["text"], file=sys.stderr)
    print(json.dumps(answer), flush=True)
