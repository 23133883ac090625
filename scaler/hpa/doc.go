// Package hpa raises the floor of somebody else's autoscaler, the minReplicas of an HPA or
// the minReplicaCount of a ScaledObject, and gives it back.
//
// # The idea
//
// A HorizontalPodAutoscaler scales to minReplicas at once, before it asks for
// metrics and without regard to its policies. Above that floor it decides as
// before. So a forecast acts by raising the floor: it can add replicas but never
// remove one that the metrics ask for.
//
// The floor is borrowed. [View] reads an object, [Floor] judges what happened to
// it since (still ours, edited by its user, put back by a tool), and [Writer]
// raises and releases:
//
//   - Raise is one server-side apply of the floor alone, with an annotation that
//     says what to give back, to whom the field belonged, who holds it, and under
//     which Lease object. A holder whose Lease has expired has lost the floor; another
//     replica continues or restores it.
//   - An autoscaler before Kubernetes 1.37 looks at a changed floor at its next
//     sync, up to 15 s later. There, and only there (the write did not raise the
//     object's generation), Raise also writes the scale subresource, after the
//     floor. In this order the count stays; in the other order the autoscaler
//     undoes it.
//   - Release gives the value back, and then takes every trace of us off the
//     object: the annotation, and the entry in managedFields.
//
// A ScaledObject of KEDA is treated alike: KEDA copies its minReplicaCount to the HPA that
// it owns.
//
// # Why the annotation has no expiry of its own
//
// An expiry would have to be renewed, one write per object and minute for
// nothing. The Lease object of the holder is renewed once for all objects.
package hpa
