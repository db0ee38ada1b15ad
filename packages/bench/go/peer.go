// Shared parts of the Go peers: rounds on command, the clock, loopback sockets, batches of golang.org/x/net.
//
// A line on its standard input makes a peer do a round. The peer answers with a line: nanoseconds and minor faults of a datagram.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/net/ipv4"
)

const (
	batch         = 64
	largest       = 65535
	receiveBuffer = 212992
	udpSegment    = 103
	udpGro        = 104
)

func require(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// An argument that is a number.
func number(at int) int {
	value, err := strconv.Atoi(os.Args[at])
	require(err)
	return value
}

var wall = os.Getenv("ANCILLARY_CLOCK") == "wall"

// Nanoseconds of processor time, or of wall time with ANCILLARY_CLOCK=wall; and minor faults.
func usage() (int64, int64) {
	var used syscall.Rusage
	require(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	if wall {
		return time.Now().UnixNano(), used.Minflt
	}
	return used.Utime.Nano() + used.Stime.Nano(), used.Minflt
}

// The cost of a round: time and minor faults between each begin and end.
type cost struct {
	nanoseconds, faults, start, faultsBefore int64
}

func (c *cost) begin() { c.start, c.faultsBefore = usage() }

func (c *cost) end() {
	now, faults := usage()
	c.nanoseconds += now - c.start
	c.faults += faults - c.faultsBefore
}

// Does a round for each line of the standard input. A round returns the number of its datagrams, and its cost is printed for each of them.
func rounds(round func(c *cost) int) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var c cost
		datagrams := float64(round(&c))
		fmt.Printf("%.3f %.5f\n", float64(c.nanoseconds)/datagrams, float64(c.faults)/datagrams)
	}
}

func control(conn *net.UDPConn, act func(fd int) error) {
	raw, err := conn.SyscallConn()
	require(err)
	var failed error
	require(raw.Control(func(fd uintptr) { failed = act(int(fd)) }))
	require(failed)
}

func option(conn *net.UDPConn, level, name, value int) {
	control(conn, func(fd int) error { return syscall.SetsockoptInt(fd, level, name, value) })
}

func bound(address string) *net.UDPConn {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(address)})
	require(err)
	return conn
}

func addressOf(conn *net.UDPConn) *net.UDPAddr { return conn.LocalAddr().(*net.UDPAddr) }

// A reader of packet information and TTL.
func reading() (*net.UDPConn, *ipv4.PacketConn) {
	conn := bound("127.0.0.1")
	require(conn.SetReadBuffer(receiveBuffer))
	packets := ipv4.NewPacketConn(conn)
	require(packets.SetControlMessage(ipv4.FlagTTL|ipv4.FlagDst|ipv4.FlagInterface, true))
	return conn, packets
}

// Messages with room for payload and control data, made once.
func messages(room int) []ipv4.Message {
	made := make([]ipv4.Message, batch)
	for i := range made {
		made[i].Buffers = [][]byte{make([]byte, room)}
		made[i].OOB = make([]byte, 128)
	}
	return made
}

// A received datagram, parsed.
type datagram struct {
	from    net.Addr
	control ipv4.ControlMessage
	segment int
	data    []byte
	room    []byte
}

func datagrams() []datagram {
	made := make([]datagram, batch)
	for i := range made {
		made[i].room = make([]byte, largest)
	}
	return made
}

// Parses the control data and copies the payload.
func (d *datagram) take(message *ipv4.Message, merged bool) {
	d.from = message.Addr
	require(d.control.Parse(message.OOB[:message.NN]))
	d.segment = 0
	if merged {
		d.segment = segmentOf(message.OOB[:message.NN])
	}
	d.data = d.room[:copy(d.room, message.Buffers[0][:message.N])]
}

// The size of the segments that the kernel merged, or 0.
func segmentOf(oob []byte) int {
	const header = int(unsafe.Sizeof(syscall.Cmsghdr{}))
	for len(oob) >= header {
		head := (*syscall.Cmsghdr)(unsafe.Pointer(&oob[0]))
		if head.Level == syscall.IPPROTO_UDP && head.Type == udpGro {
			return int(*(*int32)(unsafe.Pointer(&oob[header])))
		}
		space := (int(head.Len) + 7) &^ 7
		if space > len(oob) {
			return 0
		}
		oob = oob[space:]
	}
	return 0
}

// Control data that cuts a payload into segments.
func inSegments(size int) []byte {
	oob := make([]byte, syscall.CmsgSpace(2))
	head := (*syscall.Cmsghdr)(unsafe.Pointer(&oob[0]))
	head.Level, head.Type = syscall.IPPROTO_UDP, udpSegment
	head.SetLen(syscall.CmsgLen(2))
	*(*uint16)(unsafe.Pointer(&oob[syscall.CmsgLen(0)])) = uint16(size)
	return oob
}
