// SPDX-License-Identifier: Apache-2.0

package coffer

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Happened is something that fell due while the clock was moved.
type Happened struct {
	What   string `json:"what"` // "purge", "vault purge", "rotation", ...
	Vault  string `json:"vault"`
	Key    string `json:"key"`
	Failed string `json:"failed"` // the reason; empty when it was done
}

// Clock is what the virtual clock shows, and what happened on the way there.
type Clock struct {
	Now        time.Time  `json:"now"`
	Offset     int64      `json:"offset"` // seconds ahead of the system's
	Mode       string     `json:"mode"`   // "system", "offset", "frozen" or "scaled"
	Rate       int64      `json:"rate"`   // how many times as fast as the system's it runs
	Frozen     bool       `json:"frozen"`
	Ran        []Happened `json:"ran"`
	Unfinished bool       `json:"unfinished"`
}

// Clock reads the virtual clock.
func (c *Coffer) Clock(ctx context.Context) (clock Clock, err error) {
	err = c.Ask(ctx, http.MethodGet, "/control/v1/clock", nil, &clock)
	return clock, err
}

// SetClock gives the clock an order of docs/options.md: {"set":"2030-01-01"}, {"frozen":true}, or
// {"advance":"P3M"} for months of the calendar.
func (c *Coffer) SetClock(ctx context.Context, order map[string]any) (clock Clock, err error) {
	err = c.Ask(ctx, http.MethodPost, "/control/v1/clock", order, &clock)
	return clock, err
}

// Advance moves the clock by whole seconds, and runs what falls due on the way before it returns.
func (c *Coffer) Advance(ctx context.Context, duration time.Duration) (Clock, error) {
	return c.advance(ctx, duration, "keep")
}

func (c *Coffer) advance(ctx context.Context, duration time.Duration, tokens string) (Clock, error) {
	if duration%time.Second != 0 {
		return Clock{}, fmt.Errorf("the clock moves by whole seconds, not by %s", duration)
	}
	return c.SetClock(ctx, map[string]any{"advance": int64(duration / time.Second), "tokens": tokens})
}

// AdvanceWithTokens is Advance, and makes the tokens that clients hold older by the same time. Advance
// leaves them as good as they were.
func (c *Coffer) AdvanceWithTokens(ctx context.Context, duration time.Duration) (Clock, error) {
	return c.advance(ctx, duration, "age")
}

// ResetClock has the clock show the system's time again; tokens that were aged are good again.
func (c *Coffer) ResetClock(ctx context.Context) (Clock, error) {
	return c.SetClock(ctx, map[string]any{"reset": true})
}
