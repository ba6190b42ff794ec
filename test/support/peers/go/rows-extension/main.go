// An extension written with osquery-go: the tables of test/bench/serving/table.ts, formula by formula.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/osquery/osquery-go"
	"github.com/osquery/osquery-go/plugin/table"
)

var owners = []string{"root", "bjørn", "Łukasz", "山田"}

func row(number int) map[string]string {
	mixed := uint32(number) * 2654435761
	digits := fmt.Sprintf("%08x", mixed)
	directory := "/srv/données/3CXDesktopApp/" + strconv.Itoa(number%97)
	filename := "file-" + strconv.Itoa(number) + ".dll"
	comment := "checked " + strconv.Itoa(number) + ", nothing found"
	if number%10 == 0 {
		comment = "Überprüfung " + strconv.Itoa(number) + ": nichts gefunden, 桌面应用"
	}
	return map[string]string{
		"path":       directory + "/" + filename,
		"directory":  directory,
		"filename":   filename,
		"sha256":     strings.Repeat(digits, 8),
		"md5":        strings.Repeat(digits, 4),
		"owner":      owners[number%4],
		"group_name": "staff",
		"type":       "regular",
		"comment":    comment,
		"size":       strconv.FormatInt(int64(mixed)*1024, 10),
		"mtime":      strconv.Itoa(1679000000 + number),
		"inode":      strconv.FormatInt(4503599627370496+int64(number), 10),
		"uid":        strconv.Itoa(number % 1000),
		"gid":        strconv.Itoa(number % 50),
		"ratio":      strconv.FormatFloat(float64(2*(number%512)+1)/1024, 'f', -1, 64),
		"score":      strconv.FormatFloat(float64(2*number+1)/8, 'f', -1, 64),
	}
}

func main() {
	socket := flag.String("socket", "", "where osquery listens")
	flag.Int("timeout", 3, "seconds")
	interval := flag.Int("interval", 3, "seconds")
	flag.Parse()
	count, err := strconv.Atoi(os.Getenv("BENCH_ROWS"))
	if err != nil {
		count = 100000
	}
	server, err := osquery.NewExtensionManagerServer("bench_go", *socket,
		osquery.ServerPingInterval(time.Duration(*interval)*time.Second))
	if err != nil {
		log.Fatal(err)
	}
	server.RegisterPlugin(
		table.NewPlugin("bench_rows", columns(), func(context.Context, table.QueryContext) ([]map[string]string, error) {
			rows := make([]map[string]string, 0, count)
			for number := 0; number < count; number++ {
				rows = append(rows, row(number))
			}
			return rows, nil
		}),
		table.NewPlugin("bench_nothing", []table.ColumnDefinition{table.TextColumn("path")},
			func(context.Context, table.QueryContext) ([]map[string]string, error) { return nil, nil }),
	)
	if err := server.Run(); err != nil {
		log.Fatal(err)
	}
}

func columns() []table.ColumnDefinition {
	var found []table.ColumnDefinition
	for _, name := range []string{"path", "directory", "filename", "sha256", "md5", "owner", "group_name", "type", "comment"} {
		found = append(found, table.TextColumn(name))
	}
	for _, name := range []string{"size", "mtime", "inode"} {
		found = append(found, table.BigIntColumn(name))
	}
	for _, name := range []string{"uid", "gid"} {
		found = append(found, table.IntegerColumn(name))
	}
	for _, name := range []string{"ratio", "score"} {
		found = append(found, table.DoubleColumn(name))
	}
	return found
}
