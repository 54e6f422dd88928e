"""The standard objects and fields of an org, as lines: from recorded describes (salesforce.md 3.3).

One line per field: name, type with its length or precision, then words: `>Object` what a lookup refers to,
`ro` read-only, `nu` never null, `req` must be given, `once` only when created, `name` the name field,
`open` not under field-level security, `fixed` a restricted picklist, `=x` the default.
"""

from __future__ import annotations

SYSTEM = """
CreatedDate datetime ro nu open
CreatedById reference >User ro nu open
LastModifiedDate datetime ro nu open
LastModifiedById reference >User ro nu open
SystemModstamp datetime ro nu open
"""
KEPT = "Id id(18) ro nu open\nIsDeleted boolean ro nu open\n"
"""What every object begins with that has a recycle bin."""

ACCOUNT = """
MasterRecordId reference >Account ro open
Name string(255) nu req name open
Type picklist(255)
RecordTypeId reference >RecordType open
ParentId reference >Account
BillingStreet textarea(255)
BillingCity string(40)
BillingState string(80)
BillingPostalCode string(20)
BillingCountry string(80)
BillingAddress address ro
Phone phone(40)
Website url(255)
Industry picklist(255)
AnnualRevenue currency(18,0)
NumberOfEmployees int(8)
Ownership picklist(255)
Rating picklist(255)
Sic string(20)
SicDesc string(80)
NaicsCode string(8)
Site string(80)
Description textarea(32000) long
AccountNumber string(40)
AccountSource picklist(255)
OwnerId reference >User nu open
LastActivityDate date ro open
LastViewedDate datetime ro open
LastReferencedDate datetime ro open
"""
OPPORTUNITY = """
AccountId reference >Account
RecordTypeId reference >RecordType open
IsPrivate boolean nu =false
Name string(120) nu req name open
Description textarea(32000) long
StageName picklist(255) nu req open
Amount currency(18,2)
Probability percent(3,0)
ExpectedRevenue currency(18,2) ro
TotalOpportunityQuantity double(18,2)
CloseDate date nu req open
Type picklist(255)
NextStep string(255)
LeadSource picklist(255)
IsClosed boolean ro nu open
IsWon boolean ro nu open
ForecastCategory picklist(40) ro nu fixed open
ForecastCategoryName picklist(40)
HasOpportunityLineItem boolean ro nu open
Pricebook2Id string(18)
OwnerId reference >User nu open
LastActivityDate date ro open
LastStageChangeDate datetime ro open
FiscalQuarter int(9) ro open
FiscalYear int(9) ro open
Fiscal string(6) ro open
LastViewedDate datetime ro open
LastReferencedDate datetime ro open
"""
CASE = """
MasterRecordId reference >Case ro open
CaseNumber string(30) ro nu name open
ContactId reference >Contact
AccountId reference >Account
ParentId reference >Case
Type picklist(255)
RecordTypeId reference >RecordType open
Status picklist(255) =New
Reason picklist(255)
Origin picklist(255)
Subject string(255)
Priority picklist(255) =Medium
Description textarea(32000) long
IsClosed boolean ro nu open
ClosedDate datetime ro open
IsEscalated boolean nu =false
OwnerId reference >User nu open
LastViewedDate datetime ro open
LastReferencedDate datetime ro open
"""
TASK = """
WhoId reference >Contact
WhatId reference >Account,Opportunity,Case
Subject combobox(255)
ActivityDate date
Status picklist(255) nu =Completed open
Priority picklist(255) nu =Normal open
IsHighPriority boolean ro nu open
OwnerId reference >User nu open
Description textarea(32000) long
AccountId reference >Account ro open
IsClosed boolean ro nu open
IsArchived boolean ro nu open
CallDurationInSeconds int(8)
CallType picklist(255) fixed
CallDisposition string(255)
TaskSubtype picklist(40) fixed open
CompletedDateTime datetime ro open
"""
EVENT = """
WhoId reference >Contact
WhatId reference >Account,Opportunity,Case
Subject combobox(255)
Location string(255)
IsAllDayEvent boolean nu =false
ActivityDateTime datetime
ActivityDate date
DurationInMinutes int(8)
StartDateTime datetime
EndDateTime datetime
Description textarea(32000) long
AccountId reference >Account ro open
OwnerId reference >User nu open
IsPrivate boolean nu =false
ShowAs picklist(40) fixed
IsArchived boolean ro nu open
EventSubtype picklist(40) fixed open
"""
CONTACT = """
MasterRecordId reference >Contact ro open
AccountId reference >Account
LastName string(80) nu req open
FirstName string(40)
Name string(121) ro nu name open
Phone phone(40)
MobilePhone phone(40)
Email email(80)
Title string(128)
OwnerId reference >User nu open
"""
LINE_ITEM = """
OpportunityId reference >Opportunity nu req once open
Name string(376) ro name open
Quantity double(12,2) nu req open
UnitPrice currency(16,2)
TotalPrice currency(16,2)
ListPrice currency(16,2) ro
Discount percent(5,2)
Description string(255)
"""
USER = """
Username string(80) nu req open
LastName string(80) nu req open
FirstName string(40) open
Name string(121) ro nu name open
Email email(128) nu req open
Alias string(8) open
IsActive boolean nu =true open
TimeZoneSidKey picklist(40) nu open
LocaleSidKey picklist(40) nu open
LanguageLocaleKey picklist(40) nu open
ProfileId reference >Profile nu open
UserType picklist(40) ro open
"""
SETUP = {
    "Profile": "Name string(255) nu name open\nUserType picklist(40) ro open\n",
    "RecordType": """
Name string(80) nu req name open
DeveloperName string(80) nu open
Description string(255) open
SobjectType picklist(40) nu fixed open
IsActive boolean nu =true open
IsPersonType boolean ro nu open
""",
    "OpportunityStage": """
MasterLabel string(255) name open
ApiName string(255) open
IsActive boolean nu =true open
SortOrder int(9) open
IsClosed boolean nu =false open
IsWon boolean nu =false open
ForecastCategory picklist(40) nu fixed open
ForecastCategoryName picklist(40) open
DefaultProbability percent(3,0) open
Description string(255) open
""",
    "Organization": """
Name string(80) nu name open
InstanceName string(5) ro open
IsSandbox boolean ro nu open
OrganizationType picklist(40) ro open
LanguageLocaleKey picklist(40) nu open
DefaultLocaleSidKey picklist(40) nu open
TimeZoneSidKey picklist(40) nu open
NamespacePrefix string(15) ro open
TrialExpirationDate datetime ro open
""",
    "PermissionSet": """
Name string(80) nu req name open
Label string(80) nu req open
Description string(255) open
ProfileId reference >Profile ro open
IsOwnedByProfile boolean ro nu open
IsCustom boolean ro nu open
LicenseId reference >Profile once open
PermissionsApiEnabled boolean nu =false open
PermissionsViewSetup boolean nu =false open
PermissionsModifyMetadata boolean nu =false open
PermissionsModifyAllData boolean nu =false open
PermissionsViewAllData boolean nu =false open
PermissionsCustomizeApplication boolean nu =false open
""",
    "FieldPermissions": """
ParentId reference >PermissionSet nu req once open
SobjectType picklist(40) nu req once open
Field picklist(255) nu req once open
PermissionsRead boolean nu =false open
PermissionsEdit boolean nu =false open
""",
    "ObjectPermissions": """
ParentId reference >PermissionSet nu req once open
SobjectType picklist(40) nu req once open
PermissionsRead boolean nu =false open
PermissionsCreate boolean nu =false open
PermissionsEdit boolean nu =false open
PermissionsDelete boolean nu =false open
PermissionsViewAllRecords boolean nu =false open
PermissionsModifyAllRecords boolean nu =false open
PermissionsViewAllFields boolean nu =false open
""",
    "PermissionSetAssignment": """
AssigneeId reference >User nu req once open
PermissionSetId reference >PermissionSet nu req once open
IsActive boolean ro nu open
""",
    "CurrencyType": """
IsoCode picklist(40) nu req once name open
ConversionRate double(18,6) nu req open
DecimalPlaces int(2) nu open
IsActive boolean nu =true open
IsCorporate boolean nu =false open
""",
    "DatedConversionRate": """
IsoCode picklist(40) nu req once open
StartDate date nu req open
NextStartDate date ro open
ConversionRate double(18,6) nu req open
""",
}
STAGELESS = {"Profile", "RecordType", "Organization"}
"""Setup objects the data API only reads."""
DATA = {
    "Account": ("Account", "Accounts", "001", ACCOUNT, ""),
    "Contact": ("Contact", "Contacts", "003", CONTACT, "Contacts"),
    "Opportunity": ("Opportunity", "Opportunities", "006", OPPORTUNITY, "Opportunities"),
    "Case": ("Case", "Cases", "500", CASE, "Cases"),
    "Task": ("Task", "Tasks", "00T", TASK, "Tasks"),
    "Event": ("Event", "Events", "00U", EVENT, "Events"),
    "OpportunityLineItem": ("Opportunity Product", "Opportunity Products", "00k", LINE_ITEM, ""),
}
PREFIXES = {
    "Profile": "00e",
    "RecordType": "012",
    "OpportunityStage": "01J",
    "Organization": "00D",
    "PermissionSet": "0PS",
    "FieldPermissions": "01k",
    "ObjectPermissions": "110",
    "PermissionSetAssignment": "0Pa",
    "CurrencyType": "01L",
    "DatedConversionRate": "04w",
}
MULTI_CURRENCY = ("CurrencyType", "DatedConversionRate")
"""Objects only an org with several currencies has."""
TYPED = ("Account", "Opportunity", "Case")
"""Objects with record types here."""
CHOICES = {
    ("Account", "Type"): "Prospect|Customer - Direct|Customer - Channel|Channel Partner / Reseller|Other",
    ("Account", "Industry"): "Agriculture|Apparel|Banking|Chemicals|Construction|Electronics|Energy|Engineering|"
    "Food & Beverage|Hospitality|Machinery|Manufacturing|Retail|Technology|Transportation|Utilities|Other",
    ("Account", "Rating"): "Hot|Warm|Cold",
    ("Account", "Ownership"): "Public|Private|Subsidiary|Other",
    ("Account", "AccountSource"): "Web|Phone Inquiry|Partner Referral|Purchased List|Other",
    ("Opportunity", "Type"): "Existing Business|New Business",
    ("Opportunity", "LeadSource"): "Web|Phone Inquiry|Partner Referral|Purchased List|Other",
    ("Opportunity", "ForecastCategory"): "Omitted|Pipeline|BestCase|MostLikely|Forecast|Closed",
    ("Opportunity", "ForecastCategoryName"): "Omitted|Pipeline|Best Case|Most Likely|Commit|Closed",
    ("OpportunityStage", "ForecastCategory"): "Omitted|Pipeline|BestCase|MostLikely|Forecast|Closed",
    ("Case", "Type"): "Mechanical|Electrical|Electronic|Structural|Other",
    ("Case", "Status"): "New|Working|Escalated|Closed",
    ("Case", "Reason"): "Installation|Equipment Complexity|Performance|Breakdown|Feedback|Other",
    ("Case", "Origin"): "Phone|Email|Web",
    ("Case", "Priority"): "High|Medium|Low",
    ("Task", "Status"): "Not Started|In Progress|Completed|Waiting on someone else|Deferred",
    ("Task", "Priority"): "High|Normal|Low",
    ("Task", "CallType"): "Internal|Inbound|Outbound",
    ("Task", "TaskSubtype"): "Task|Email|ListEmail|Cadence|Call|LinkedIn",
    ("Event", "EventSubtype"): "Event",
    ("Event", "ShowAs"): "Busy|OutOfOffice|Free",
}
