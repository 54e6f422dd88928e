// Reads and writes the Salesforce sandbox with jsforce and prints what it saw as one JSON document.
const { Connection } = require("jsforce");

const [url] = process.argv.slice(2);

async function refused(action) {
  try {
    await action();
  } catch (error) {
    return error.errorCode ?? error.message;
  }
  return "nothing";
}

async function main() {
  const legacy = new Connection({ loginUrl: url, version: "64.0" });
  const who = await legacy.login("integration@sandbox.test", "sandbox-passwordsandbox-token");
  const oauth2 = { loginUrl: url, clientId: "sandbox-integration", clientSecret: "sandbox-secret" };
  const connection = new Connection({ oauth2, version: "66.0" });
  await connection.authorize({ grant_type: "client_credentials" });
  const text = "SELECT Id, Name, Account.Name, IsWon FROM Opportunity ORDER BY SystemModstamp, Id";
  const headers = { "Sforce-Query-Options": "batchSize=200" };
  const deals = await connection.query(text, { autoFetch: true, maxFetch: 100000, headers });
  const described = await connection.sobject("Account").describe();
  const global = await connection.describeGlobal();
  const one = await connection.sobject("Account").create({ Name: "Made by jsforce" });
  const changed = await connection.sobject("Account").update([
    { Id: one.id, Rating: "Hot" },
    { Id: "001000000000001AAA", Rating: "Hot" },
  ]);
  const read = await connection.sobject("Account").retrieve(one.id);
  const bulk = connection.bulk2;
  bulk.pollInterval = 20;
  const written = await bulk.loadAndWaitForResults({
    object: "Account",
    operation: "update",
    input: [
      { Id: one.id, Site: "bulk" },
      { Id: "001000000000001AAA", Site: "bulk" },
    ],
    pollInterval: 20,
  });
  const stream = await bulk.query("SELECT Id, Site FROM Account WHERE Site = 'bulk'", { pollInterval: 20 });
  const queried = await stream.toArray();
  const limits = await connection.limits();
  const admin = new Connection({ instanceUrl: url, accessToken: "00D5g00000000G8!sandbox-admin", version: "66.0" });
  const field = await admin.metadata.upsert("CustomField", [
    { fullName: "Account.From_Jsforce__c", label: "From jsforce", type: "Text", length: 80 },
  ]);
  const refusals = [
    await refused(() => new Connection({ loginUrl: url, version: "64.0" }).login("x@y.z", "w")),
    await refused(() => new Connection({ loginUrl: url, version: "65.0" }).login("x@y.z", "w")),
    await refused(() => connection.query("SELEKT")),
    await refused(() => connection.query("SELECT Nix FROM Account")),
    await refused(() => connection.sobject("Account").create({})),
  ];
  await connection.sobject("Account").destroy(one.id);
  console.log(
    JSON.stringify({
      who: [who.id.slice(0, 3), who.organizationId.slice(0, 3)],
      deals: deals.records.map((row) => row.Id),
      total: deals.totalSize,
      won: deals.records.filter((row) => row.IsWon).length,
      fields: described.fields.map((one) => one.name),
      objects: global.sobjects.map((one) => one.name),
      changed: changed.map((one) => [one.success, one.errors.map((error) => error.statusCode ?? error.errorCode)]),
      read: [read.Name, read.Rating],
      written: [written.successfulResults.length, written.failedResults.map((row) => row.sf__Error)],
      queried: queried.map((row) => row.Id === one.id),
      limits: limits.DailyApiRequests.Max,
      field: [].concat(field).map((one) => [String(one.success), String(one.created)]),
      refusals,
    }),
  );
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
