// SPDX-License-Identifier: Apache-2.0

package coffer

import (
	"context"
	"errors"
	"net/http"
	"net/url"
)

var errNoVault = errors.New("coffer has no vault")

func vaultPath(name, action string) string {
	return "/control/v1/vaults/" + url.PathEscape(name) + action
}

func (c *Coffer) askVault(ctx context.Context, method, path string, order any) (vault Vault, err error) {
	if err = c.Ask(ctx, method, path, order, &vault); err != nil {
		return Vault{}, err
	}
	vault.URL, err = c.reachable(ctx, vault.URL)
	return vault, err
}

// Vaults returns all vaults, deleted ones too.
func (c *Coffer) Vaults(ctx context.Context) ([]Vault, error) {
	var answer struct{ Vaults []Vault }
	if err := c.Ask(ctx, http.MethodGet, "/control/v1/vaults", nil, &answer); err != nil {
		return nil, err
	}
	for i := range answer.Vaults {
		reachable, err := c.reachable(ctx, answer.Vaults[i].URL)
		if err != nil {
			return nil, err
		}
		answer.Vaults[i].URL = reachable
	}
	return answer.Vaults, nil
}

// Vault returns the vault of that name.
func (c *Coffer) Vault(ctx context.Context, name string) (Vault, error) {
	return c.askVault(ctx, http.MethodGet, vaultPath(name, ""), nil)
}

// FirstVault returns the vault that stands first among those of the options.
func (c *Coffer) FirstVault(ctx context.Context) (Vault, error) {
	info, err := c.Info(ctx)
	if err != nil {
		return Vault{}, err
	}
	if len(info.Vaults) == 0 {
		return Vault{}, errNoVault
	}
	return c.Vault(ctx, info.Vaults[0].Name)
}

// VaultURL returns the URL of a vault; for an empty name that of the first one.
func (c *Coffer) VaultURL(ctx context.Context, name string) (string, error) {
	vault, err := c.named(ctx, name)
	return vault.URL, err
}

func (c *Coffer) named(ctx context.Context, name string) (Vault, error) {
	if name == "" {
		return c.FirstVault(ctx)
	}
	return c.Vault(ctx, name)
}

// CreateVault makes a vault. One that is there already and contradicts no setting is fine.
func (c *Coffer) CreateVault(ctx context.Context, name string, settings VaultSettings) (Vault, error) {
	return c.askVault(ctx, http.MethodPut, vaultPath(name, ""), settings)
}

// DeleteVault deletes a vault; it can be recovered until it is purged.
func (c *Coffer) DeleteVault(ctx context.Context, name string) (Vault, error) {
	return c.askVault(ctx, http.MethodDelete, vaultPath(name, ""), nil)
}

// RecoverVault has a deleted vault back, with its keys.
func (c *Coffer) RecoverVault(ctx context.Context, name string) (Vault, error) {
	return c.askVault(ctx, http.MethodPost, vaultPath(name, "/recover"), struct{}{})
}

// PurgeVault removes a deleted vault and all that is in it; refused where purge protection is on.
func (c *Coffer) PurgeVault(ctx context.Context, name string) error {
	return c.Ask(ctx, http.MethodPost, vaultPath(name, "/purge"), struct{}{}, nil)
}

// Reset puts everything back to what the options of coffer say.
func (c *Coffer) Reset(ctx context.Context) error {
	return c.Ask(ctx, http.MethodPost, "/control/v1/reset", struct{}{}, nil)
}

// ResetVault empties one vault, deleted or not, and puts it back to what the options say.
func (c *Coffer) ResetVault(ctx context.Context, name string) error {
	order := map[string]string{"vault": name}
	return c.Ask(ctx, http.MethodPost, "/control/v1/reset", order, nil)
}
