// SPDX-License-Identifier: Apache-2.0

package coffer

import (
	"context"
	"errors"
	"net/http"
	"net/url"
)

var errTwoGrants = errors.New("a role or permissions, not both")

// Grant is what somebody may do at a vault of the access "rbac" or "policy": a Role, or Permissions.
// It is for the Identity of that name (any name is one, "" the system-assigned), or for Principal, an
// object id. Key, Scope and Deny are of a role, Application of permissions: docs/access.md.
type Grant struct {
	Role        string
	Permissions []string
	Identity    string
	Principal   string
	Key         string
	Scope       string
	Deny        bool
	Application string
}

type assignment struct {
	Principal string `json:"principal"`
	Role      string `json:"role,omitempty"`
	Key       string `json:"key,omitempty"`
	Scope     string `json:"scope,omitempty"`
	Deny      bool   `json:"deny"`
}

type policy struct {
	Permissions []string `json:"permissions"`
	Application string   `json:"application_id,omitempty"`
}

// ObjectID returns the object id of an identity.
func (c *Coffer) ObjectID(ctx context.Context, identity string) (string, error) {
	var answer struct {
		ObjectID string `json:"object_id"`
	}
	query := url.Values{"name": {identity}}
	err := c.Ask(ctx, http.MethodGet, "/control/v1/identity?"+query.Encode(), nil, &answer)
	return answer.ObjectID, err
}

func (c *Coffer) principal(ctx context.Context, grant Grant) (string, error) {
	if grant.Principal != "" {
		return grant.Principal, nil
	}
	return c.ObjectID(ctx, grant.Identity)
}

func policyPath(vault, principal string) string {
	return vaultPath(vault, "/policies/"+url.PathEscape(principal))
}

// Grant grants it, and returns the name of the role assignment; permissions have none.
func (c *Coffer) Grant(ctx context.Context, vault string, grant Grant) (string, error) {
	if grant.Role != "" && grant.Permissions != nil {
		return "", errTwoGrants
	}
	principal, err := c.principal(ctx, grant)
	if err != nil {
		return "", err
	}
	if grant.Permissions != nil {
		order := policy{grant.Permissions, grant.Application}
		return "", c.Ask(ctx, http.MethodPut, policyPath(vault, principal), order, nil)
	}
	var answer struct{ Name string }
	order := assignment{principal, grant.Role, grant.Key, grant.Scope, grant.Deny}
	err = c.Ask(ctx, http.MethodPost, vaultPath(vault, "/assignments"), order, &answer)
	return answer.Name, err
}

// Revoke takes back what Grant has given; without a role the access policy.
func (c *Coffer) Revoke(ctx context.Context, vault string, grant Grant) error {
	principal, err := c.principal(ctx, grant)
	if err != nil {
		return err
	}
	if grant.Role != "" {
		order := assignment{principal, grant.Role, grant.Key, grant.Scope, grant.Deny}
		return c.Ask(ctx, http.MethodDelete, vaultPath(vault, "/assignments"), order, nil)
	}
	path := policyPath(vault, principal)
	if grant.Application != "" {
		path += "?" + url.Values{"application_id": {grant.Application}}.Encode()
	}
	return c.Ask(ctx, http.MethodDelete, path, nil, nil)
}
