package main

import (
	"context"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
)

// watermillRun: the in-memory channel. `wait`: a publish returns when its message is acknowledged.
func watermillRun(plan Plan, wait bool) {
	channel := gochannel.NewGoChannel(
		gochannel.Config{OutputChannelBuffer: 1000, BlockPublishUntilSubscriberAck: wait}, watermill.NopLogger{})
	incoming, err := channel.Subscribe(context.Background(), plan.queue)
	check(err)
	go func() {
		text := plan.text()
		for i := 0; i < plan.messages; i++ {
			check(channel.Publish(plan.queue, message.NewMessage(watermill.NewShortUUID(), plan.encoded(i, text))))
		}
	}()
	tally := newTally(plan.messages)
	for !tally.complete() {
		m := <-incoming
		tally.take(m.Payload)
		m.Ack()
	}
	tally.acknowledged()
	tally.report(plan)
}
