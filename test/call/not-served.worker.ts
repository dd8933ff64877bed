export default { never: () => 1 }
