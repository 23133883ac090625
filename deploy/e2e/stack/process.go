package stack

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// A Process is one program under test, with its output in a file.
type Process struct {
	Name string
	Log  string // file of its output

	cmd  *exec.Cmd
	done chan error
}

// Run starts file with args; its output goes to name.log in dir, appended.
func Run(dir, name, file string, env []string, args ...string) (*Process, error) {
	log := filepath.Join(dir, name+".log")
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(file, args...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = out, out, dir
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &Process{Name: name, Log: log, cmd: cmd, done: make(chan error, 1)}
	go func() { p.done <- cmd.Wait() }()
	return p, nil
}

// Signal sends sig to the process.
func (p *Process) Signal(sig syscall.Signal) error { return p.cmd.Process.Signal(sig) }

// PID is its process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Stop ends the process by sig, and by SIGKILL after patience, and waits for it.
func (p *Process) Stop(sig syscall.Signal, patience time.Duration) error {
	_ = p.Signal(sig)
	select {
	case err := <-p.done:
		p.done <- err
		return err
	case <-time.After(patience):
		_ = p.Signal(syscall.SIGKILL)
		err := <-p.done
		p.done <- err
		return errors.Join(fmt.Errorf("%s did not stop within %s", p.Name, patience), err)
	}
}

// Exited reports whether the process has ended by itself.
func (p *Process) Exited() bool {
	select {
	case err := <-p.done:
		p.done <- err
		return true
	default:
		return false
	}
}

// ports are those that FreePort has given away, guarded by their mutex.
var ports struct {
	sync.Mutex

	given map[int]bool
}

// FreePort returns a port of loopback that was free a moment ago, each once. It is
// below those from which the kernel takes the near ends of connections: one of the
// many that cases make in parallel could have it before its process listens.
func FreePort() (int, error) {
	const low, high = 20000, 32000
	ports.Lock()
	defer ports.Unlock()
	if ports.given == nil {
		ports.given = map[int]bool{}
	}
	var last error
	for range 1000 {
		port := low + rand.IntN(high-low)
		if ports.given[port] {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			last = err
			continue
		}
		ports.given[port] = true
		return port, l.Close()
	}
	return 0, fmt.Errorf("no free port from %d to %d: %w", low, high, last)
}

// Until calls ready until it returns nil, and returns its last error when the
// time is over.
func Until(ctx context.Context, limit time.Duration, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %s: %w", limit, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
