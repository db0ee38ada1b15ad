package main

import (
	"fmt"
	"os"
)

func main() {
	peers := map[string]func(){
		"drain":        drain,
		"wakeups":      wakeups,
		"fan-out":      fanOut,
		"bulk-send":    bulkSend,
		"bulk-receive": bulkReceive,
		"echo":         echo,
	}
	if len(os.Args) < 2 || peers[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "no such peer")
		os.Exit(2)
	}
	peers[os.Args[1]]()
}
