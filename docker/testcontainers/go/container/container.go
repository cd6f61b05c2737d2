// SPDX-License-Identifier: Apache-2.0

// Package container starts coffer in a container, by Testcontainers.
package container

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"

	coffer "coffer.example/testcontainers"
)

const (
	httpsPort   = "8443/tcp"
	controlPort = "8080/tcp"
)

// CofferContainer is a coffer that runs in a container, and the client of it.
type CofferContainer struct {
	testcontainers.Container
	*coffer.Coffer
}

// WithVaults says what vaults there are at the start, in place of dev; each as `--vault` takes it.
func WithVaults(specs ...string) testcontainers.CustomizeRequestOption {
	return testcontainers.WithEnv(map[string]string{"COFFER_VAULT": strings.Join(specs, " ")})
}

// options are what makes a container of coffer's image: both ports, state that is gone at the end,
// and the moment at which it is ready. The caller's come last.
func options(given []testcontainers.ContainerCustomizer) []testcontainers.ContainerCustomizer {
	ours := []testcontainers.ContainerCustomizer{
		testcontainers.WithExposedPorts(httpsPort, controlPort),
		testcontainers.WithEnv(map[string]string{"COFFER_EPHEMERAL": "true"}),
		WithVaults("dev"),
		testcontainers.WithWaitStrategy(wait.ForHTTP("/ready").WithPort(controlPort)),
	}
	return append(ours, given...)
}

// connect is the client of a container that runs, through its mapped ports.
func connect(ctx context.Context, started testcontainers.Container) (*coffer.Coffer, error) {
	host, err := started.Host(ctx)
	if err != nil {
		return nil, err
	}
	https, err := started.MappedPort(ctx, httpsPort)
	if err != nil {
		return nil, err
	}
	control, err := started.MappedPort(ctx, controlPort)
	if err != nil {
		return nil, err
	}
	return coffer.New("http://"+net.JoinHostPort(host, control.Port()), https.Int()), nil
}

// Run starts a container of the image that docs/container.md builds. Every option of `coffer serve` is
// a variable: testcontainers.WithEnv(map[string]string{"COFFER_DELETION_LAG": "2s"}). With an error
// there may be a container all the same, which testcontainers.TerminateContainer removes. One that got
// COFFER_CONTROL_TOKEN so wants to hear it: WithControlToken of the client.
func Run(ctx context.Context, image string,
	given ...testcontainers.ContainerCustomizer) (*CofferContainer, error) {
	started, err := testcontainers.Run(ctx, image, options(given)...)
	if started == nil {
		return nil, fmt.Errorf("start coffer: %w", err)
	}
	ours := &CofferContainer{Container: started}
	if err != nil {
		return ours, fmt.Errorf("start coffer: %w", err)
	}
	ours.Coffer, err = connect(ctx, started)
	return ours, err
}
