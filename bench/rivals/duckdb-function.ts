/** A JavaScript function in a statement of DuckDB, as its page has it, `Scalar Functions` (https://github.com/duckdb/duckdb-node-neo/blob/main/api/pkgs/@duckdb/node-api/README.md#scalar-functions). */
import { type DuckDBConnection, DuckDBScalarFunction, INTEGER, VARCHAR } from '@duckdb/node-api'

/** Lets statements call a function of text that gives a whole number. */
export function registerFunction(connection: DuckDBConnection, name: string, fn: (text: string) => number): void {
  const scalar = DuckDBScalarFunction.create({
    name,
    parameterTypes: [VARCHAR],
    returnType: INTEGER,
    mainFunction(_info, input, output) {
      const texts = input.getColumnVector(0)
      for (let row = 0; row < input.rowCount; row++) output.setItem(row, fn(texts.getItem(row) as string))
      output.flush()
    },
  })
  connection.registerScalarFunction(scalar)
}
