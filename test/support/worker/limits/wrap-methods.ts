// A real object some of whose methods are replaced; everything else goes to the object itself.

export type Methods<T> = { readonly [K in keyof T]?: (...values: unknown[]) => unknown }

export function wrapMethods<T extends object>(target: T, methods: Methods<T>): T {
  return new Proxy(target, {
    get(object, property) {
      const method: unknown = Object.hasOwn(methods, property)
        ? Reflect.get(methods, property)
        : undefined
      if (method !== undefined) return method
      const value: unknown = Reflect.get(object, property)
      return typeof value === 'function' ? value.bind(object) : value
    },
  })
}
