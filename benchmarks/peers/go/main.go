// Peers of omnibus that do the same work: encode a small struct to JSON, send, receive, decode, acknowledge; what is lost is
// counted. ../run.sh says what it is called with.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"time"
)

// Note is what every message holds, as in ../omnibus_peer.cpp.
type Note struct {
	Index uint64 `json:"index"`
	Sent  int64  `json:"sent"` // wall clock, nanoseconds: both processes read the same
	Text  string `json:"text"`
}

// Plan is what a run is asked for.
type Plan struct {
	url, queue string
	messages   int
	size       int
	publishers int
}

// Tally counts what arrived; the run lasts from the first send to the last acknowledgement.
type Tally struct {
	seen        []bool
	received    int
	first, last int64
}

func newTally(messages int) *Tally { return &Tally{seen: make([]bool, messages)} }

func (t *Tally) take(body []byte) {
	var note Note
	check(json.Unmarshal(body, &note))
	if t.first == 0 {
		t.first = note.Sent
	}
	if !t.seen[note.Index] {
		t.seen[note.Index] = true
		t.received++
	}
}

func (t *Tally) acknowledged() { t.last = time.Now().UnixNano() }

func (t *Tally) complete() bool { return t.received == len(t.seen) }

func (t *Tally) report(plan Plan) {
	seconds := float64(t.last-t.first) / 1e9
	fmt.Printf("{\"messages\":%d,\"size\":%d,\"received\":%d,\"lost\":%d,\"seconds\":%.3f,\"messages_per_second\":%.0f}\n",
		plan.messages, plan.size, t.received, plan.messages-t.received, seconds, float64(t.received)/seconds)
}

// encoded is the message of one index.
func (p Plan) encoded(index int, text string) []byte {
	body, err := json.Marshal(Note{uint64(index), time.Now().UnixNano(), text})
	check(err)
	return body
}

func (p Plan) text() string { return strings.Repeat("x", p.size) }

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// ready tells the script that what is sent from now on arrives.
func ready() { fmt.Println("ready") }

func main() {
	var plan Plan
	flag.StringVar(&plan.url, "url", "", "of the broker")
	flag.StringVar(&plan.queue, "queue", "bench", "subject, stream")
	flag.IntVar(&plan.messages, "messages", 100000, "how many")
	flag.IntVar(&plan.size, "size", 100, "bytes of the text")
	flag.IntVar(&plan.publishers, "publishers", 1, "more than one: each waits for its confirmation")
	flag.Parse()
	roles := map[string]func(Plan){
		"watermill-queued": func(p Plan) { watermillRun(p, false) },
		"watermill-inline": func(p Plan) { watermillRun(p, true) },
		"nats-send":        natsSend, "nats-receive": natsReceive, "nats-echo": natsEcho, "nats-ask": natsAsk,
		"jetstream-send": jetstreamSend, "jetstream-receive": jetstreamReceive,
		"redis-send": redisSend, "redis-receive": redisReceive,
	}
	role, known := roles[flag.Arg(0)]
	if !known {
		fmt.Fprintln(os.Stderr, "peers: unknown role", flag.Arg(0))
		os.Exit(2)
	}
	role(plan)
}
