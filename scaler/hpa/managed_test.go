package hpa

import (
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func entry(manager string, op metav1.ManagedFieldsOperationType, fields string) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{Manager: manager, Operation: op, FieldsV1: metav1.NewFieldsV1(fields)}
}

// Two managers held the field before us; both get it back, and nothing of us is
// left. The entry of the status is somebody else's affair.
func TestTheFieldGoesBackToItsOwners(t *testing.T) {
	kind, err := KindOf("")
	require.NoError(t, err)
	before := []metav1.ManagedFieldsEntry{
		entry("argocd-controller", "Apply", `{"f:spec":{"f:maxReplicas":{},"f:minReplicas":{}}}`),
		entry("kubectl-edit", "Update", `{"f:spec":{"f:minReplicas":{}},"f:metadata":{}}`),
	}
	latest, owners := ownersOf(before, "minReplicas")
	require.Equal(t, "kubectl-edit", latest)
	require.Equal(t, []Owner{{"argocd-controller", "Apply"}, {"kubectl-edit", "Update"}}, owners)

	held := []metav1.ManagedFieldsEntry{
		entry("argocd-controller", "Apply", `{"f:spec":{"f:maxReplicas":{}}}`),
		entry(Manager, "Apply", `{"f:spec":{"f:minReplicas":{}}}`),
		entry("kubectl-edit", "Update", `{"f:metadata":{}}`),
		{Manager: "kube-controller-manager", Operation: "Update", Subresource: "status", FieldsV1: metav1.NewFieldsV1(`{"f:status":{}}`)},
	}
	after, traced := withoutUs(held, &Claim{Owners: owners}, kind)
	require.True(t, traced)
	require.Len(t, after, 3)
	_, again := ownersOf(after, "minReplicas")
	require.Equal(t, owners, again)
	require.JSONEq(t, `{"f:spec":{"f:maxReplicas":{},"f:minReplicas":{}}}`, after[0].FieldsV1.GetRawString())
	require.JSONEq(t, `{"f:status":{}}`, after[2].FieldsV1.GetRawString())
}
