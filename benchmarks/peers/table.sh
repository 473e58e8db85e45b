# shellcheck shell=bash
# Sourced by run.sh: what is compared.
# shellcheck disable=SC2154

print_table() {
  local size
  printf '\nMedians of %s rounds: messages/s, of request/response p50 in microseconds.\n\n' "$rounds"
  printf '%-36s %-12s %10s %10s %7s %-8s %-13s %5s %5s\n' setting peer omnibus peer ratio goal verdict 'lost%' 'its'
  for size in 16 100 1024; do
    compare messages_per_second "in process, queued, $size B" watermill '>=' 8
    compare messages_per_second "in process, one thread, $size B" watermill '>=' 1
    compare messages_per_second "in process, inline, $size B" watermill '>=' 50
    compare messages_per_second "two processes, q0, $size B" nats '>=' 5
    compare messages_per_second "two processes, q1 grouped, $size B" redis '>=' 4
    compare messages_per_second "two processes, q1 grouped, $size B" jetstream '>=' 4
    compare messages_per_second "two processes, q1 synced, $size B" redis '>=' 1.3
    compare p50_us "request/response, $size B" nats '<=' 0.5
    compare messages_per_second "consume-process-produce, $size B" omnibus-q1 '>=' 0.5
    printf '%-36s %s\n' "heap allocations per message, $size B" \
      "queued $(median allocations_per_message omnibus "in process, queued, $size B"), inline $(median \
        allocations_per_message omnibus "in process, inline, $size B"); goal 0"
  done
}
