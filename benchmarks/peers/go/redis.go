package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const pipelined = 100 // additions of one round trip

func redisConnect(plan Plan) *redis.Client {
	options, err := redis.ParseURL(plan.url)
	check(err)
	options.PoolSize = plan.publishers + 2
	return redis.NewClient(options)
}

func addition(plan Plan, body []byte) *redis.XAddArgs {
	return &redis.XAddArgs{Stream: plan.queue, Values: []any{"body", body}}
}

// redisSend: one publisher pipelines; many each wait for the confirmation of each message.
func redisSend(plan Plan) {
	client := redisConnect(plan)
	ctx := context.Background()
	text := plan.text()
	if plan.publishers == 1 {
		for i := 0; i < plan.messages; {
			batch := client.Pipeline()
			for ; i < plan.messages && batch.Len() < pipelined; i++ {
				batch.XAdd(ctx, addition(plan, plan.encoded(i, text)))
			}
			_, err := batch.Exec(ctx)
			check(err)
		}
		return
	}
	var all sync.WaitGroup
	for p := 0; p < plan.publishers; p++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := p; i < plan.messages; i += plan.publishers {
				check(client.XAdd(ctx, addition(plan, plan.encoded(i, text))).Err())
			}
		}()
	}
	all.Wait()
}

// redisReceive: a group of one; what one read brings is acknowledged by one command.
func redisReceive(plan Plan) {
	client := redisConnect(plan)
	ctx := context.Background()
	check(client.XGroupCreateMkStream(ctx, plan.queue, "bench", "0").Err())
	ready()
	tally := newTally(plan.messages)
	wait := time.Minute
	for !tally.complete() {
		streams, err := client.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "bench", Consumer: "one",
			Streams: []string{plan.queue, ">"}, Count: 1000, Block: wait}).Result()
		if errors.Is(err, redis.Nil) {
			break
		}
		check(err)
		wait = patience
		ids := make([]string, 0, 1000)
		for _, m := range streams[0].Messages {
			tally.take([]byte(m.Values["body"].(string)))
			ids = append(ids, m.ID)
		}
		check(client.XAck(ctx, plan.queue, "bench", ids...).Err())
		tally.acknowledged()
	}
	tally.report(plan)
	check(client.Del(ctx, plan.queue).Err())
}
