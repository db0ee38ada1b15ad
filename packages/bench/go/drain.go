package main

import (
	"runtime"

	"golang.org/x/net/ipv4"
)

// drain BYTES BURST BURSTS: reads a full socket.
func drain() {
	burst := number(3)
	read(number(2), number(4), func(int) int { return burst })
}

// wakeups BYTES MOST WAKEUPS: reads 1 to MOST datagrams at each wake-up.
func wakeups() {
	most := number(3)
	read(number(2), number(4), func(i int) int { return i%most + 1 })
}

// Reads what is sent with one processor, so that nothing is read while it is sent.
func read(bytes, bursts int, burst func(i int) int) {
	runtime.GOMAXPROCS(1)
	conn, packets := reading()
	arrived := arrivals(packets, false, func(*datagram) int { return 1 })
	sender, to, payload := bound("127.0.0.1"), addressOf(conn), make([]byte, bytes)
	rounds(func(c *cost) int {
		total := 0
		for i := 0; i < bursts; i++ {
			expected := burst(i)
			for j := 0; j < expected; j++ {
				_, err := sender.WriteToUDP(payload, to)
				require(err)
			}
			c.begin()
			arrived(expected)
			c.end()
			total += expected
		}
		return total
	})
}

// Starts a reader, and returns a function that waits until it has read so many units more.
func arrivals(packets *ipv4.PacketConn, merged bool, units func(d *datagram) int) func(int) {
	wanted, done := make(chan int), make(chan struct{})
	go func() {
		in, got := messages(largest), datagrams()
		for left := range wanted {
			for left > 0 {
				count, err := packets.ReadBatch(in, 0)
				require(err)
				for i := 0; i < count; i++ {
					got[i].take(&in[i], merged)
					left -= units(&got[i])
				}
			}
			done <- struct{}{}
		}
	}()
	return func(expected int) {
		wanted <- expected
		<-done
	}
}
