// Writes the outputs of the Keras fixtures of package lstm with TensorFlow.js,
// whose layers are Keras' own in another language:
//
//	npm install @tensorflow/tfjs@4.22.0
//	node keras.mjs
//
// The weights and inputs are those that generate.py keras wrote beside it.

import fs from 'node:fs';
import tf from '@tensorflow/tfjs';

await tf.setBackend('cpu');

// read returns the tensors of a safetensors file.
function read(path) {
  const file = fs.readFileSync(path);
  const length = Number(file.readBigUInt64LE(0));
  const buffer = file.subarray(8 + length);
  const { __metadata__: _, ...entries } = JSON.parse(file.subarray(8, 8 + length));
  return Object.fromEntries(Object.entries(entries).map(([name, { shape, data_offsets: [from, to] }]) => {
    const raw = buffer.subarray(from, to);
    return [name, tf.tensor(new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length)), shape)];
  }));
}

for (let k = 0; k < 3; k++) {
  const weights = read(`keras-${k}.safetensors`);
  const fixture = JSON.parse(fs.readFileSync(`keras-${k}.json`));
  const layers = Object.keys(weights)
    .filter((name) => name.endsWith('/recurrent_kernel'))
    .map((name) => name.replace('/recurrent_kernel', ''))
    .sort((a, b) => a.length - b.length);
  const model = tf.sequential();
  const ordered = [];
  layers.forEach((name, i) => {
    const [kernel, recurrent, bias] = ['kernel', 'recurrent_kernel', 'bias'].map((word) => weights[`${name}/${word}`]);
    model.add(tf.layers.lstm({
      units: recurrent.shape[0], returnSequences: true, activation: 'tanh', recurrentActivation: 'sigmoid',
      ...(i === 0 ? { inputShape: [null, kernel.shape[0]] } : {}),
    }));
    ordered.push(kernel, recurrent, bias);
  });
  const dense = weights['dense/kernel'];
  model.add(tf.layers.timeDistributed({ layer: tf.layers.dense({ units: dense.shape[1] }) }));
  model.setWeights([...ordered, dense, weights['dense/bias']]);
  const outputs = model.predict(tf.tensor([fixture.inputs])).arraySync()[0];
  const units = layers.map((name) => weights[`${name}/recurrent_kernel`].shape[0]).join(', ');
  fixture.origin = `TensorFlow.js ${tf.version.tfjs} (npm), backend cpu, single precision: tf.layers.lstm of ${units} units, tf.layers.dense(${dense.shape[1]}), on the weights of keras-${k}.safetensors`;
  fixture.outputs = outputs;
  fs.writeFileSync(`keras-${k}.json`, `${JSON.stringify(fixture, null, 1)}\n`);
}

// The fixture called window: LSTM and dense layers with relu, on windows of the newest
// values, each of which starts with a state of zero.
const weights = read('keras-window.safetensors');
const fixture = JSON.parse(fs.readFileSync('keras-window.json'));
const window = 5;
const model = tf.sequential({ layers: [
  tf.layers.lstm({ units: 6, activation: 'relu', recurrentActivation: 'sigmoid', returnSequences: true, inputShape: [window, 1] }),
  tf.layers.lstm({ units: 4, activation: 'relu', recurrentActivation: 'sigmoid' }),
  tf.layers.dense({ units: 5, activation: 'relu' }),
  tf.layers.dense({ units: 3, activation: 'tanh' }),
  tf.layers.dense({ units: 1 }),
] });
const words = (name, ...parts) => parts.map((part) => weights[`${name}/${part}`]);
model.setWeights([
  ...['lstm', 'lstm_1'].flatMap((name) => words(name, 'kernel', 'recurrent_kernel', 'bias')),
  ...['dense', 'dense_1', 'dense_2'].flatMap((name) => words(name, 'kernel', 'bias')),
]);
fixture.outputs = [];
for (let k = window; k <= fixture.inputs.length; k++) {
  fixture.outputs.push(model.predict(tf.tensor([fixture.inputs.slice(k - window, k)])).arraySync()[0]);
}
fixture.origin = `TensorFlow.js ${tf.version.tfjs} (npm), backend cpu, single precision: tf.layers.lstm of 6 and 4 units with relu, tf.layers.dense of 5 (relu), 3 (tanh) and 1, on the weights of keras-window.safetensors`;
fs.writeFileSync('keras-window.json', `${JSON.stringify(fixture, null, 1)}\n`);
