package main

import (
	"bytes"
	"net"
	"runtime"

	"golang.org/x/net/ipv4"
)

// Control data that names the source of a datagram.
func source(address net.IP) []byte {
	return (&ipv4.ControlMessage{Src: address}).Marshal()
}

// fan-out BYTES PEERS REPEATS: sends to so many addresses of the loopback network, with a source.
func fanOut() {
	runtime.GOMAXPROCS(1)
	payload, peers, repeats := make([]byte, number(2)), number(3), number(4)
	sink, sender := bound("0.0.0.0"), bound("0.0.0.0")
	require(sink.SetReadBuffer(2304))
	names := make([]*net.UDPAddr, peers)
	for i := range names {
		names[i] = &net.UDPAddr{IP: net.IPv4(127, 1, byte((i+1)>>8), byte(i+1)), Port: addressOf(sink).Port}
	}
	packets, from := ipv4.NewPacketConn(sender), net.IPv4(127, 0, 0, 1)
	out := make([]ipv4.Message, batch)
	rounds(func(c *cost) int {
		c.begin()
		for repeat := 0; repeat < repeats; repeat++ {
			for at := 0; at < peers; {
				count := peers - at
				if count > batch {
					count = batch
				}
				for i := 0; i < count; i++ {
					out[i] = ipv4.Message{Buffers: [][]byte{payload}, Addr: names[at+i], OOB: source(from)}
				}
				for sent := 0; sent < count; {
					more, err := packets.WriteBatch(out[sent:count], 0)
					require(err)
					sent += more
				}
				at += count
			}
		}
		c.end()
		return repeats * peers
	})
}

// Sends segments first to first + count of a payload to one peer, in one call.
func sendSegments(sender *net.UDPConn, to *net.UDPAddr, payload []byte, size int) {
	_, _, err := sender.WriteMsgUDP(payload, inSegments(size), to)
	require(err)
}

// bulk-send SEGMENT SEGMENTS: sends so many segments to one peer.
func bulkSend() {
	runtime.GOMAXPROCS(1)
	size, segments := number(2), number(3)
	sink, sender := bound("127.0.0.1"), bound("127.0.0.1")
	require(sink.SetReadBuffer(2304))
	option(sink, 17, udpGro, 1)
	payload, to := bytes.Repeat([]byte{1}, size*segments), addressOf(sink)
	rounds(func(c *cost) int {
		c.begin()
		inSteps(payload, largestPayload/size*size, func(piece []byte) { sendSegments(sender, to, piece, size) })
		c.end()
		return segments
	})
}

const (
	largestPayload = 65507
	mergedBurst    = 4
)

func inSteps(payload []byte, step int, act func(piece []byte)) {
	for len(payload) > 0 {
		count := step
		if count > len(payload) {
			count = len(payload)
		}
		act(payload[:count])
		payload = payload[count:]
	}
}

// bulk-receive SEGMENT SEGMENTS: reads them as the kernel merged them.
func bulkReceive() {
	runtime.GOMAXPROCS(1)
	size, segments := number(2), number(3)
	conn, packets := reading()
	option(conn, 17, udpGro, 1)
	arrived := arrivals(packets, true, func(d *datagram) int {
		each := d.segment
		if each == 0 {
			each = size
		}
		return (len(d.data) + each - 1) / each
	})
	sender, to, payload := bound("127.0.0.1"), addressOf(conn), bytes.Repeat([]byte{1}, size*segments)
	most := largestPayload / size * size
	rounds(func(c *cost) int {
		inSteps(payload, most*mergedBurst, func(burst []byte) {
			inSteps(burst, most, func(piece []byte) { sendSegments(sender, to, piece, size) })
			c.begin()
			arrived(len(burst) / size)
			c.end()
		})
		return segments
	})
}
