package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/net/ipv4"
)

// echo: prints its port, and answers each datagram from the address that it was sent to. The answers of a batch leave in one call.
func echo() {
	conn, packets := reading()
	fmt.Println(addressOf(conn).Port)
	endWithInput()
	in, got := messages(largest), datagrams()
	out := make([]ipv4.Message, batch)
	for i := range out {
		out[i].Buffers = make([][]byte, 1)
	}
	for {
		count, err := packets.ReadBatch(in, 0)
		require(err)
		for i := 0; i < count; i++ {
			got[i].take(&in[i], false)
			out[i].Buffers[0], out[i].Addr, out[i].OOB = got[i].data, got[i].from, source(got[i].control.Dst)
		}
		for at := 0; at < count; {
			sent, err := packets.WriteBatch(out[at:count], 0)
			if err != nil || sent == 0 {
				sent = 1
			}
			at += sent
		}
	}
}

// Ends with the process that started this one.
func endWithInput() {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
}
