package main

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func jetstreamOf(plan Plan, options ...jetstream.JetStreamOpt) jetstream.JetStream {
	js, err := jetstream.New(natsConnect(plan), options...)
	check(err)
	return js
}

// jetstreamSend: pipelined, at most 4,096 unconfirmed; the server writes to its file and syncs every two minutes (its default).
func jetstreamSend(plan Plan) {
	js := jetstreamOf(plan, jetstream.WithPublishAsyncMaxPending(4096))
	text := plan.text()
	for i := 0; i < plan.messages; i++ {
		_, err := js.PublishAsync(plan.queue, plan.encoded(i, text), jetstream.WithStallWait(time.Minute))
		check(err)
	}
	<-js.PublishAsyncComplete()
}

// jetstreamReceive: an explicit acknowledgement for each message.
func jetstreamReceive(plan Plan) {
	ctx := context.Background()
	js := jetstreamOf(plan)
	stream, err := js.CreateStream(ctx, jetstream.StreamConfig{
		Name: plan.queue, Subjects: []string{plan.queue}, Storage: jetstream.FileStorage})
	check(err)
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: "bench", AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: 8192})
	check(err)
	messages, err := consumer.Messages(jetstream.PullMaxMessages(4096))
	check(err)
	ready()
	tally := newTally(plan.messages)
	wait := time.Minute
	for !tally.complete() {
		m, err := messages.Next(jetstream.NextMaxWait(wait))
		if errors.Is(err, nats.ErrTimeout) || errors.Is(err, context.DeadlineExceeded) {
			break
		}
		check(err)
		wait = patience
		tally.take(m.Data())
		check(m.Ack())
		tally.acknowledged()
	}
	messages.Stop()
	tally.report(plan)
	check(js.DeleteStream(ctx, plan.queue))
}
