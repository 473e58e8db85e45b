package main

import (
	"encoding/json"
	"fmt"
	"sort"
	"time"

	"github.com/nats-io/nats.go"
)

const patience = 3 * time.Second // without a message after the first: the rest is lost

func natsConnect(plan Plan) *nats.Conn {
	connection, err := nats.Connect(plan.url)
	check(err)
	return connection
}

func natsSend(plan Plan) {
	connection := natsConnect(plan)
	text := plan.text()
	for i := 0; i < plan.messages; i++ {
		check(connection.Publish(plan.queue, plan.encoded(i, text)))
	}
	check(connection.Flush())
	connection.Close()
}

// natsReceive: with a callback and without a limit of what waits for it, for the default one drops.
func natsReceive(plan Plan) {
	connection := natsConnect(plan)
	tally := newTally(plan.messages)
	arrived := make(chan bool, 1)
	subscription, err := connection.Subscribe(plan.queue, func(m *nats.Msg) {
		tally.take(m.Data)
		tally.acknowledged() // the core has no acknowledgement
		if tally.complete() || len(arrived) == 0 {
			arrived <- tally.complete()
		}
	})
	check(err)
	check(subscription.SetPendingLimits(-1, -1))
	check(connection.Flush())
	ready()
	wait := time.Minute
	for done := false; !done; {
		select {
		case done = <-arrived:
			wait = patience
		case <-time.After(wait):
			done = true
		}
	}
	check(subscription.Unsubscribe())
	tally.report(plan)
}

func natsEcho(plan Plan) {
	connection := natsConnect(plan)
	_, err := connection.Subscribe(plan.queue, func(m *nats.Msg) {
		var note Note
		check(json.Unmarshal(m.Data, &note))
		body, err := json.Marshal(note)
		check(err)
		check(m.Respond(body))
	})
	check(err)
	check(connection.Flush())
	ready()
	select {}
}

func natsAsk(plan Plan) {
	connection := natsConnect(plan)
	text := plan.text()
	const warmUp = 100
	var times []float64
	for i := 0; i < plan.messages+warmUp; i++ {
		began := time.Now()
		answer, err := connection.Request(plan.queue, plan.encoded(i, text), time.Minute)
		check(err)
		var note Note
		check(json.Unmarshal(answer.Data, &note))
		if i >= warmUp {
			times = append(times, float64(time.Since(began).Nanoseconds())/1e3)
		}
	}
	sort.Float64s(times)
	fmt.Printf("{\"messages\":%d,\"size\":%d,\"lost\":0,\"p50_us\":%.1f,\"p99_us\":%.1f}\n",
		plan.messages, plan.size, times[len(times)/2], times[len(times)*99/100])
}
