// SPDX-License-Identifier: Apache-2.0

package coffer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

const requestsPath = "/control/v1/requests"

// Filter says which requests are meant: members of docs/journal.md, each with one pattern, or several
// with commas between them, of which one has to fit: {"operation": "unwrapKey", "status": "403,5xx"}.
type Filter map[string]string

func (f Filter) query() string {
	query := url.Values{}
	for name, value := range f {
		query.Set(name, value)
	}
	return "?" + query.Encode()
}

// Request is an entry of the journal.
type Request struct {
	Number    int    `json:"number"`
	Kind      string `json:"kind"` // "request", "challenge", "token" or "control"
	Status    int    `json:"status"`
	Vault     string `json:"vault"`
	Key       string `json:"key"`
	Operation string `json:"operation"`
	Code      string `json:"code"`
	InnerCode string `json:"inner_code"`
	Fault     string `json:"fault"` // the rule that acted
	Cut       string `json:"cut"`
	UserAgent string `json:"user_agent"`
}

// Setback is how a client went about a failure.
type Setback struct {
	Key              string    `json:"key"`
	Operation        string    `json:"operation"`
	Retries          int       `json:"retries"`
	End              string    `json:"end"` // "recovered", "refused" or "no further attempt"
	Backoff          string    `json:"backoff"`
	ObeyedRetryAfter *bool     `json:"obeyed_retry_after"` // nil: nothing was demanded
	Statuses         []int     `json:"statuses"`
	WaitsMS          []float64 `json:"waits_ms"`
}

// Journal is what clients did, as far as its filter fits.
type Journal struct {
	coffer *Coffer
	always Filter
}

// Journal is what clients did, as far as the filter (nil: all) fits.
func (c *Coffer) Journal(filter Filter) *Journal { return &Journal{c, filter} }

func (j *Journal) filter(more Filter) Filter {
	all := Filter{}
	for _, filter := range []Filter{j.always, more} {
		for name, value := range filter {
			all[name] = value
		}
	}
	return all
}

// Last is the number of the latest entry; with it as "since" there are those to come.
func (j *Journal) Last(ctx context.Context) (int, error) {
	var answer struct{ Last int }
	err := j.coffer.Ask(ctx, http.MethodGet, requestsPath+"?limit=1", nil, &answer)
	return answer.Last, err
}

// Requests are the entries that fit, oldest first.
func (j *Journal) Requests(ctx context.Context, filter Filter) ([]Request, error) {
	var answer struct{ Requests []Request }
	query := j.filter(filter)
	query["limit"] = "10000"
	err := j.coffer.Ask(ctx, http.MethodGet, requestsPath+query.query(), nil, &answer)
	return answer.Requests, err
}

// Expect returns an error, which shows the difference, unless so many requests fit. Challenges do not
// count.
func (j *Journal) Expect(ctx context.Context, count int, filter Filter) error {
	var answer struct {
		OK   bool
		Diff string
	}
	order := map[string]any{"filter": j.filter(filter), "count": count}
	if err := j.coffer.Ask(ctx, http.MethodPost, requestsPath+"/expect", order, &answer); err != nil {
		return err
	}
	if !answer.OK {
		return errors.New(answer.Diff)
	}
	return nil
}

// patient is the same for a request that may take so much longer.
func (c *Coffer) patient(longer time.Duration) *Coffer {
	client := *c.client
	client.Timeout += longer
	return &Coffer{controlURL: c.controlURL, controlToken: c.controlToken, client: &client}
}

// Wait returns the requests as soon as there are so many, and an error when that takes longer.
func (j *Journal) Wait(ctx context.Context, count int, timeout time.Duration, filter Filter) ([]Request, error) {
	var answer struct {
		Met      bool
		Count    int
		Requests []Request
	}
	order := map[string]any{"filter": j.filter(filter), "count": count, "timeout": timeout.Seconds()}
	patient := j.coffer.patient(timeout)
	if err := patient.Ask(ctx, http.MethodPost, requestsPath+"/wait", order, &answer); err != nil {
		return nil, err
	}
	if !answer.Met {
		return nil, fmt.Errorf("after %s there are %d of %d requests", timeout, answer.Count, count)
	}
	return answer.Requests, nil
}

// Retries tells how clients went about failures.
func (j *Journal) Retries(ctx context.Context, filter Filter) ([]Setback, error) {
	var answer struct{ Setbacks []Setback }
	path := requestsPath + "/retries" + j.filter(filter).query()
	err := j.coffer.Ask(ctx, http.MethodGet, path, nil, &answer)
	return answer.Setbacks, err
}

// Clear removes what fits.
func (j *Journal) Clear(ctx context.Context, filter Filter) error {
	return j.coffer.Ask(ctx, http.MethodDelete, requestsPath+j.filter(filter).query(), nil, nil)
}
