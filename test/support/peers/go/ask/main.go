// What osquery-go's client gets from an extension: a ping, then columns and rows of each table, as one line of JSON.
//
//	ask SOCKET TABLE...
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/osquery/osquery-go"
)

type answer struct {
	Columns []map[string]string `json:"columns"`
	Rows    []map[string]string `json:"rows"`
}

func main() {
	client, err := osquery.NewClient(os.Args[1], 30*time.Second)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	status, err := client.Ping()
	if err != nil {
		log.Fatal(err)
	}
	tables := map[string]answer{}
	for _, name := range os.Args[2:] {
		tables[name] = answer{
			Columns: call(client, name, map[string]string{"action": "columns"}),
			Rows:    call(client, name, map[string]string{"action": "generate", "context": `{"constraints":[]}`}),
		}
	}
	line, err := json.Marshal(map[string]any{
		"ping":   map[string]any{"code": status.Code, "message": status.Message, "uuid": fmt.Sprint(status.UUID)},
		"tables": tables,
	})
	if err != nil {
		log.Fatal(err)
	}
	os.Stdout.Write(append(line, '\n'))
}

func call(client *osquery.ExtensionManagerClient, table string, request map[string]string) []map[string]string {
	response, err := client.Call("table", table, request)
	if err != nil {
		log.Fatalf("%s %s: %v", table, request["action"], err)
	}
	if response.Status.Code != 0 {
		log.Fatalf("%s %s: %s", table, request["action"], response.Status.Message)
	}
	return response.Response
}
