// A server of the gateway's paths on Go's net/http: parses the request, answers as the echo service does, writes JSON.
//
// server PORT: prints "ready" when it listens on 127.0.0.1.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/gorilla/websocket"
)

// Request is a text-completion request.
type Request struct {
	System    string `json:"system"`
	Prompt    string `json:"prompt"`
	Streaming bool   `json:"streaming"`
}

// Response is what the echo service answers.
type Response struct {
	Response    string `json:"response"`
	InToken     int    `json:"in_token"`
	OutToken    int    `json:"out_token"`
	Model       string `json:"model"`
	EndOfStream bool   `json:"end_of_stream"`
}

func answer(request Request) Response {
	return Response{request.Prompt, len(request.System) + len(request.Prompt), len(request.Prompt), "echo", true}
}

func service(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var request Request
	if err := json.Unmarshal(body, &request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	text, err := json.Marshal(answer(request))
	check(err)
	w.Header().Set("Content-Type", "application/json")
	w.Write(text)
}

var upgrader = websocket.Upgrader{}

func socket(w http.ResponseWriter, r *http.Request) {
	stream, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer stream.Close()
	for {
		_, text, err := stream.ReadMessage()
		if err != nil {
			return
		}
		var frame struct {
			ID      any     `json:"id"`
			Request Request `json:"request"`
		}
		if json.Unmarshal(text, &frame) != nil {
			return
		}
		text, err = json.Marshal(map[string]any{"id": frame.ID, "response": answer(frame.Request), "complete": true})
		check(err)
		if stream.WriteMessage(websocket.TextMessage, text) != nil {
			return
		}
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: server PORT")
	}
	http.HandleFunc("POST /api/v1/flow/{flow}/service/{service}", service)
	http.HandleFunc("GET /api/v1/socket", socket)
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	check(err)
	fmt.Println("ready")
	check(http.Serve(listener, nil))
}
