// The contracts as descriptors, read from a FileDescriptorSet: no generated code.
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { readFileSync } from "node:fs";

const registries = new Map();

export function contracts(path) {
  if (!registries.has(path)) {
    registries.set(path, createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(path))));
  }
  const registry = registries.get(path);
  return {
    registry,
    service: (name) => registry.getService(name) ?? assertFound(name),
    message: (name) => registry.getMessage(name) ?? assertFound(name),
  };
}

function assertFound(name) {
  throw new Error(`no ${name} in the contracts`);
}
