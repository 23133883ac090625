// Package controller acts on PredictiveAutoscaler objects: it wires each into
// the live store, and moves the floor of its target.
//
// # The idea
//
// Three things happen at three speeds.
//
//   - Reconcile, on events: the object is checked, its target found or refused,
//     its workload handed to the store. It runs on every replica, so that a
//     standby collects and forecasts too and takes over without a gap; only the
//     elected replica writes.
//   - A tick, several times a second, asks the store what each object should do
//     and plans at most one write: raising goes out at once, ahead of everything
//     that lowers.
//   - A slower round writes the status of objects where something changed that an
//     operator would want to know. A steady workload costs no write at all.
//
// The end is the delicate part. A floor that nobody lowers again is worse than
// none, so each way to end has a remedy. An object that is deleted gives its floor
// back through a finalizer with a deadline. A replica that stops hands over by
// releasing its Lease and, if nobody takes it, restores every floor. A replica
// that dies is followed by another one, which goes on from what the annotations
// say and restores floors that no object claims.
//
// Through an informer that keeps only the fields that matter, it watches which pods
// are ready, how long that took, and which cannot be scheduled. For objects that ask
// for it, it also reads the CPU use of the pods, from which follows the most that a
// replica can carry. See collector/kubemetrics for why CPU is used for nothing else.
package controller
