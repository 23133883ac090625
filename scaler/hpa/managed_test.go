package hpa

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func entry(manager string, op metav1.ManagedFieldsOperationType, fields string) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{Manager: manager, Operation: op, FieldsV1: metav1.NewFieldsV1(fields)}
}

// Two managers owned the field before us: both get it back, and no entry of ours is left. The entry
// for the status is not touched.
func TestTheFieldGoesBackToItsOwners(t *testing.T) {
	kind, err := KindOf("")
	require.NoError(t, err)
	before := []metav1.ManagedFieldsEntry{
		entry("argocd-controller", "Apply", `{"f:spec":{"f:maxReplicas":{},"f:minReplicas":{}}}`),
		entry("kubectl-edit", "Update", `{"f:spec":{"f:minReplicas":{}},"f:metadata":{}}`),
	}
	latest, owners, ours := ownersOf(before, "minReplicas")
	require.Equal(t, "kubectl-edit", latest)
	require.Equal(t, []Owner{{"argocd-controller", "Apply"}, {"kubectl-edit", "Update"}}, owners)

	require.False(t, ours)

	held := []metav1.ManagedFieldsEntry{
		entry("argocd-controller", "Apply", `{"f:spec":{"f:maxReplicas":{}}}`),
		entry(Manager, "Apply", `{"f:spec":{"f:minReplicas":{}}}`),
		entry("kubectl-edit", "Update", `{"f:metadata":{}}`),
		{Manager: "kube-controller-manager", Operation: "Update", Subresource: "status", FieldsV1: metav1.NewFieldsV1(`{"f:status":{}}`)},
	}
	_, _, ours = ownersOf(held, "minReplicas")
	require.True(t, ours)
	after, traced := withoutUs(held, &Claim{Owners: owners}, kind)
	require.True(t, traced)
	require.Len(t, after, 3)
	_, again, still := ownersOf(after, "minReplicas")
	require.Equal(t, owners, again)
	require.False(t, still)
	require.JSONEq(t, `{"f:spec":{"f:maxReplicas":{},"f:minReplicas":{}}}`, after[0].FieldsV1.GetRawString())
	require.JSONEq(t, `{"f:status":{}}`, after[2].FieldsV1.GetRawString())
}

// The latest owner is found by the times of the entries, whatever their order; an entry without a
// time counts as later than those before it.
func TestTheLatestOwner(t *testing.T) {
	at := func(e metav1.ManagedFieldsEntry, minute int) metav1.ManagedFieldsEntry {
		e.Time = &metav1.Time{Time: time.Date(2026, 3, 2, 8, minute, 0, 0, time.UTC)}
		return e
	}
	a, b := entry("argocd-controller", "Apply", `{"f:spec":{"f:minReplicas":{}}}`), entry("kubectl-edit", "Update", `{"f:spec":{"f:minReplicas":{}}}`)
	other := entry("helm", "Update", `{"f:spec":{"f:maxReplicas":{}}}`)
	for name, c := range map[string]struct {
		list []metav1.ManagedFieldsEntry
		want string
	}{
		"in order":                {[]metav1.ManagedFieldsEntry{at(a, 1), at(b, 2)}, "kubectl-edit"},
		"in the other":            {[]metav1.ManagedFieldsEntry{at(b, 2), at(a, 1)}, "kubectl-edit"},
		"at once: the last named": {[]metav1.ManagedFieldsEntry{at(a, 1), at(b, 1)}, "kubectl-edit"},
		"no time":                 {[]metav1.ManagedFieldsEntry{at(b, 2), a}, "argocd-controller"},
		"of another field":        {[]metav1.ManagedFieldsEntry{at(a, 1), at(other, 3)}, "argocd-controller"},
		"ours is not meant":       {[]metav1.ManagedFieldsEntry{at(a, 1), at(entry(Manager, "Apply", `{"f:spec":{"f:minReplicas":{}}}`), 3)}, "argocd-controller"},
		"none":                    {nil, ""},
	} {
		latest, _, _ := ownersOf(c.list, "minReplicas")
		require.Equal(t, c.want, latest, name)
	}
}
